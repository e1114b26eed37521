"""Links and pictures of mails that customers ask for. Answered at once; what is learned is written down after."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.public.plain_pages import mail_page, no_such_link, sorry
from api.server.services import Served
from engine.flow.delivery.follow_short_link import follow_short_link
from engine.flow.delivery.view_message import Viewed, view_message
from engine.storage.database import TROUBLE
from engine.tracking.short_links import read_short
from engine.tracking.tokens import OPEN, VIEW, Link, read_link, read_place

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
    return _onward(link, request, services)


@router.api_route("/s/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def follow_short(token: str, request: Request, services: Served) -> Response:
    """As `/l/`, for messages in which a link must be short: it says which one of the message's it is."""
    speaks = request.headers.get("accept-language")
    short = read_short(services.runtime.link_key, token)
    try:
        link = await follow_short_link(services.runtime, short) if short else None
    except TROUBLE:
        return sorry("later", speaks, status=503)
    if link is None:
        return no_such_link(speaks) if short is None else sorry("gone", speaks, status=410)
    return _onward(link, request, services)


def _onward(link: Link, request: Request, services: Served) -> Response:
    services.hits.clicked(link, method=request.method, headers=request.headers)
    return Response(status_code=302, headers={**_HEADERS, "location": link.target})


@router.get("/v/{token}", include_in_schema=False)
async def view_in_browser(token: str, request: Request, services: Served) -> Response:
    """The mail once more. Scripts in it do not run here either."""
    speaks = request.headers.get("accept-language")
    place = read_place(services.runtime.link_key, VIEW, token)
    if place is None:
        return no_such_link(speaks)
    try:
        viewed = await view_message(services.runtime, place)
    except TROUBLE:
        return sorry("later", speaks, status=503)
    if not isinstance(viewed, Viewed):
        return sorry(viewed, speaks, status=404 if viewed == "unsent" else 410)
    services.hits.opened(place, method=request.method, headers=request.headers)
    return mail_page(viewed.subject, viewed.html, viewed.text, speaks)


@router.api_route("/o/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def show_pixel(name: str, request: Request, services: Served) -> Response:
    place = read_place(services.runtime.link_key, OPEN, name.removesuffix(".gif"))
    if place is not None:
        services.hits.opened(place, method=request.method, headers=request.headers)
    return Response(_GIF, status_code=200 if place else 404, media_type="image/gif", headers=_HEADERS)
