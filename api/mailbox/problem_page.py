"""What a person sees who asks for a mail or a preview that is not there. Programs get the problem itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.mailbox.rendering import PAGE_HEADERS, page

_PAGES = ("/mailbox", "/preview")
_NOT_THERE = (404, 422)


def has_problem_page(request: Request, status: int) -> bool:
    """Only a browser says that it would like HTML; its scripts and curl do not."""
    is_asked_for = "text/html" in request.headers.get("accept", "")
    return is_asked_for and status in _NOT_THERE and request.scope["path"].startswith(_PAGES)


def problem_page(status: int, said: str) -> HTMLResponse:
    return HTMLResponse(page("problem.html", said=said), status_code=status, headers=PAGE_HEADERS)
