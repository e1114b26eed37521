"""Links and pictures of mails that customers ask for. Answered at once; what is learned is written down after."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.public_pages import no_such_link
from api.services import Served
from engine.tracking.tokens import OPEN, read_link, read_place

router = APIRouter()

#: One transparent point.
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_HEADERS = {"cache-control": "no-store, private", "referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}


@router.api_route("/l/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def follow_link(token: str, request: Request, services: Served) -> Response:
    """On to where the mail said, and nowhere else: the target is signed."""
    link = read_link(services.runtime.link_key, token)
    if link is None:
        return no_such_link(request.headers.get("accept-language"))
    services.hits.clicked(link, method=request.method, headers=request.headers)
    return Response(status_code=302, headers={**_HEADERS, "location": link.target})


@router.api_route("/o/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def show_pixel(name: str, request: Request, services: Served) -> Response:
    place = read_place(services.runtime.link_key, OPEN, name.removesuffix(".gif"))
    if place is not None:
        services.hits.opened(place, method=request.method, headers=request.headers)
    return Response(_GIF, status_code=200 if place else 404, media_type="image/gif", headers=_HEADERS)
