"""Scripts for the pages of the shop, as files: read once, the same for everybody."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.server.services import Served
from engine.config import public_url

router = APIRouter(include_in_schema=False)

_FILES = files("api.browser") / "files"
_INBOX, _PUSH, _WORKER = ((_FILES / name).read_text("utf-8") for name in ("kogda-inbox.js", "kogda-push.js", "sw.js"))
#: Any page may run them: they hold nothing that is secret.
_HEADERS = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "public, max-age=300",
}


@router.get("/inbox/kogda-inbox.js")
async def inbox_script(request: Request) -> Response:
    return _script(request, _INBOX)


@router.get("/push/kogda.js")
async def push_script(request: Request) -> Response:
    return _script(request, _PUSH)


@router.get("/push/sw.js")
async def worker_script(request: Request, services: Served) -> Response:
    """A worker does not know whence it was imported, so it is told."""
    host = orjson.dumps(public_url(services.runtime.settings)).decode()
    return _script(request, f"self.KOGDA_HOST = {host};\n{_WORKER}")


def _script(request: Request, text: str) -> Response:
    content = text.encode()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript", headers=headers)
