"""Consent and its history, and the addresses that nothing is sent to."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from api.schemas.consent import ConsentHistory, ConsentLine, NewSuppression, SuppressionEntry, SuppressionKind
from api.schemas.management import Page
from api.schemas.problem import problem_responses
from api.server.admin import require_admin
from api.server.paging import After, Limit, number_of
from api.server.parameters import Address, ChannelName, CustomerInPath, SearchWords
from api.server.problems import Problem
from api.server.services import Served
from api.suppression_files import address_on
from engine.core.identity import customer_id, partition_of
from engine.storage.customers.consent import consent_history, find_chooser
from engine.storage.customers.suppressions import newest_suppressions, suppress, unsuppress

router = APIRouter(
    prefix="/api",
    tags=["consent"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 404, 405, 422, 503),
)

_LINES = 500


@router.get("/customers/{key}/consent")
async def get_consent(services: Served, key: CustomerInPath) -> ConsentHistory:
    """What a customer agreed to and refused, and who said so, when and how. A merged customer's lines have moved."""
    customer = customer_id(key)
    partition = partition_of(customer, services.runtime.partitions)
    async with services.runtime.database.connection() as connection:
        found = await find_chooser(connection, partition, customer)
        lines = await consent_history(connection, partition, customer, limit=_LINES)
    if found is None:
        raise Problem(404, "unknown_customer", f"there is no customer `{key}`")
    return ConsentHistory(consent=found.consent, items=[ConsentLine(**line) for line in lines])


@router.get("/suppressions")
async def list_suppressions(
    services: Served,
    channel: ChannelName | None = None,
    kind: SuppressionKind | None = None,
    address: SearchWords = "",
    after: After = None,
    limit: Limit = 50,
) -> Page[SuppressionEntry]:
    """Addresses that nothing is sent to, and why. `address`: those that begin so."""
    async with services.runtime.database.connection() as connection:
        rows = await newest_suppressions(
            connection, channel=channel, kind=kind, search=address, before=number_of(after), limit=limit
        )
    items = [SuppressionEntry(**row._asdict()) for row in rows]
    return Page(items=items, next=str(rows[-1].id) if len(rows) == limit else None)


@router.put("/suppressions/{channel}/{address:path}", status_code=204)
async def put_suppression(services: Served, channel: ChannelName, address: Address, given: NewSuppression) -> Response:
    """Send nothing more to this address, service messages included. The first reason stays."""
    known = address_on(channel, address)
    if known is None or "\x00" in given.reason:
        raise Problem(422, "invalid_request", f"that is no address of {channel}")
    async with services.runtime.database.transaction() as connection:
        await suppress(connection, [(channel, known, given.reason)], kind="manual")
    return Response(status_code=204)


@router.delete("/suppressions/{channel}/{address:path}", status_code=204)
async def delete_suppression(services: Served, channel: ChannelName, address: Address) -> Response:
    """It may be written to again."""
    async with services.runtime.database.transaction() as connection:
        if not await unsuppress(connection, channel, address_on(channel, address) or address):
            raise Problem(404, "unknown_suppression", "this address is not on the list")
    return Response(status_code=204)
