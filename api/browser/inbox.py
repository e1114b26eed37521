"""The inbox of one customer, for the page of the shop that the customer is signed in to."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from api.browser.asking import bearer, body_of, customer_of
from api.browser.inbox_items import as_json
from api.browser.route import BrowserRoute, preflight
from api.schemas.browser import EVENTS_STREAM, OF_A_CUSTOMER, UNTIL, Done, InboxPage
from api.schemas.problem import problem_responses
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.core.identity import customer_id
from engine.flow.answers.read_inbox import note_read
from engine.storage.delivery.inbox import Place, items_of, newest_id, place_of, read_all, unread_counts

router = APIRouter(
    prefix="/v1/inbox",
    route_class=BrowserRoute,
    tags=["browser"],
    responses=problem_responses(400, 401, 404, 405, 413, 422, 503),
)

_LIVE = {"cache-control": "no-store", "x-accel-buffering": "no"}
_MOST_ID = 2**63 - 1

router.add_api_route("", preflight, methods=["OPTIONS"], include_in_schema=False)
router.add_api_route("/{rest:path}", preflight, methods=["OPTIONS"], include_in_schema=False)


@router.get("", response_model=InboxPage, openapi_extra=OF_A_CUSTOMER)
async def look(
    request: Request,
    services: Served,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[int | None, Query(ge=1, le=_MOST_ID)] = None,
) -> Response:
    """The newest first. `next` is the `before` of those that are older."""
    async with services.runtime.database.connection() as connection:
        place = await place_of(connection, _customer(request, services), services.runtime.partitions)
        items = await items_of(connection, place, before=before, limit=limit + 1)
        [unread] = await unread_counts(connection, [place])
    shown = items[:limit]
    following = shown[-1].id if len(items) > limit else None
    return _json({"messages": [as_json(each) for each in shown], "unread": unread, "next": following})


@router.post("/read", response_model=Done, openapi_extra=UNTIL | OF_A_CUSTOMER)
async def read_everything(request: Request, services: Served) -> Response:
    """Up to the `cursor` of the newest message that was shown."""
    customer = _customer(request, services)
    until = (await body_of(request)).get("until")
    if not isinstance(until, int) or isinstance(until, bool) or not 0 <= until <= _MOST_ID:
        raise Problem(422, "invalid_request", "until is the cursor of the newest message that was shown")
    async with services.runtime.database.connection() as connection:
        place = await place_of(connection, customer, services.runtime.partitions)
        await read_all(connection, place, until=until)
    return _json({"success": True})


@router.post("/{message}/read", response_model=Done, openapi_extra=OF_A_CUSTOMER)
async def read(request: Request, services: Served, message: UUID) -> Response:
    """It was shown."""
    return await _noted(request, services, message, followed=False)


@router.post("/{message}/clicked", response_model=Done, openapi_extra=OF_A_CUSTOMER)
async def clicked(request: Request, services: Served, message: UUID) -> Response:
    """Its link was followed, so it was read as well."""
    return await _noted(request, services, message, followed=True)


@router.get("/stream", response_class=StreamingResponse, responses=EVENTS_STREAM, openapi_extra=OF_A_CUSTOMER)
async def stream(
    request: Request,
    services: Served,
    after: Annotated[int | None, Query(ge=0, le=_MOST_ID)] = None,
) -> Response:
    """Server-sent events: `message` and `unread`. `Last-Event-ID`, else `after`, is the cursor of the last that was
    seen; without either only what comes from now on. The token may stand in the address: an EventSource has no
    headers."""
    customer = _customer(request, services)
    async with services.runtime.database.connection() as connection:
        place = await place_of(connection, customer, services.runtime.partitions)
        seen = _last_seen(request, after)
        if seen is None:
            seen = await newest_id(connection, place)
    streams = services.inbox_streams
    if not streams.has_room(place):
        raise Problem(503, "too_many_streams", "too many pages listen; look again later", headers={"retry-after": "30"})
    return StreamingResponse(streams.follow(place, seen), media_type="text/event-stream", headers=_LIVE)


async def _noted(request: Request, services: Services, message: UUID, *, followed: bool) -> Response:
    place = await _place(request, services)
    if not await note_read(services.runtime, place, message, followed=followed):
        raise Problem(404, "not_found", "this customer has no such message")
    return _json({"success": True})


async def _place(request: Request, services: Services) -> Place:
    customer = _customer(request, services)
    async with services.runtime.database.connection() as connection:
        return await place_of(connection, customer, services.runtime.partitions)


def _customer(request: Request, services: Services) -> UUID:
    return customer_id(customer_of(services, bearer(request) or request.query_params.get("token")))


def _last_seen(request: Request, after: int | None) -> int | None:
    written = request.headers.get("last-event-id", "")
    if not written.isascii() or not written.isdigit() or len(written) > len(str(_MOST_ID)):
        return after
    return int(written) if int(written) <= _MOST_ID else after


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers={"cache-control": "no-store"})
