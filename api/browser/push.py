"""What browsers need to subscribe, and what they say when a push is pressed."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.browser.asking import body_of
from api.browser.route import BrowserRoute, preflight
from api.schemas.browser import CLICKED, OF_ANYBODY, BrowserKey, Done
from api.schemas.problem import problem_responses
from api.server.problems import Problem
from api.server.services import Served
from engine.channels.credentials import Credentials
from engine.channels.push import signer_of
from engine.errors import NotReady
from engine.flow.answers.read_inbox import note_reactions
from engine.flow.customers.consent_offers import live_settings
from engine.links.push_clicks import open_click

router = APIRouter(
    prefix="/v1/push",
    route_class=BrowserRoute,
    tags=["browser"],
    responses=problem_responses(400, 404, 405, 413, 422, 503),
)

router.add_api_route("/{rest:path}", preflight, methods=["OPTIONS"], include_in_schema=False)


@router.get("/key", response_model=BrowserKey, openapi_extra=OF_ANYBODY)
async def key(services: Served) -> Response:
    """The `applicationServerKey` of subscriptions."""
    settings = await live_settings(services.runtime)
    push = (settings.get("channels") or {}).get("push") or {}
    if "contact" not in push:
        raise Problem(404, "not_found", "push to browsers is not set up: kogda.yaml has no contact under push")
    try:
        signer = signer_of(push, Credentials(services.runtime.secrets, services.runtime.link_key))
    except NotReady as error:
        raise Problem(503, "not_set_up", str(error)) from error
    return Response(orjson.dumps({"key": signer.public}), media_type="application/json")


@router.post("/clicked", response_model=Done, openapi_extra=CLICKED | OF_ANYBODY)
async def clicked(request: Request, services: Served) -> Response:
    """`push_clicked`, once."""
    token = (await body_of(request)).get("clicked")
    runtime = services.runtime
    place = open_click(runtime.link_key, token) if isinstance(token, str) else None
    if place is None:
        raise Problem(404, "not_found", "no message is known by this")
    async with runtime.database.transaction() as connection:
        woken = await note_reactions(runtime, connection, place, ("clicked",))
    if woken:
        await runtime.waker.wake(woken)
    return Response(b'{"success":true}', media_type="application/json")
