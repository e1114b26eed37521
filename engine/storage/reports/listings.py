"""What people look at: rows for the management API, newest first, a page at a time. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core.identity import customer_id, partition_of
from engine.storage.database import Connection
from engine.storage.delivery.delivery_signs import STATES


class Place(NamedTuple):
    """The last row of the page before."""

    at: datetime
    id: UUID


async def customer_by_key(connection: Connection, key: str, *, partitions: int) -> dict[str, Any] | None:
    """Where a merged customer went is said in `merged_into`; it is not followed."""
    customer = customer_id(key)
    row = await connection.fetchrow(
        """SELECT id, key, email, phone, timezone, locale, attributes, tags, points, consent, merged_into, first_seen
           FROM customer WHERE partition = $1 AND id = $2""",
        partition_of(customer, partitions),
        customer,
    )
    return dict(row) if row else None


async def runs_of_customer(
    connection: Connection, key: str, *, partitions: int, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    return await _newest(
        connection,
        "SELECT id, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason FROM run",
        of=_place_of_customer(key, partitions),
        by="began_at",
        before=before,
        limit=limit,
    )


_MESSAGES = """SELECT id, customer, run, rule, rule_set, channel, template, state, transactional, due_at, attempts,
                   maybe_duplicate, reason, address, created_at, settled_at FROM message"""


async def newest_messages(
    connection: Connection, *, state: str | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    return await _newest(connection, _MESSAGES, of={}, state=state, by="created_at", before=before, limit=limit)


#: Messages that a page of sent ones is looked for in: no index has them, and where most are suppressed they are few.
MOST_LOOKED_AT = 20_000


async def newest_sent(
    connection: Connection, *, before: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """Those among the next MOST_LOOKED_AT messages, which may be fewer than `limit`, and how far was looked; None: to
    the end."""
    older = f"WHERE {_older('created_at', 2)}" if before is not None else ""
    given, newest = before or (), "ORDER BY created_at DESC, id DESC"
    async with connection.transaction(isolation="repeatable_read", readonly=True):  # both look at the same ones
        found = await connection.fetch(
            f"SELECT * FROM ({_MESSAGES} {older} {newest} LIMIT {MOST_LOOKED_AT}) AS looked_at"  # noqa: S608
            f" WHERE {_IN_STATE['sent']} {newest} LIMIT $1",
            limit,
            *given,
        )
        last = (
            found[-1]
            if len(found) == limit
            else await connection.fetchrow(
                f"SELECT created_at, id FROM message {older} {newest} OFFSET $1 LIMIT 1",  # noqa: S608
                MOST_LOOKED_AT - 1,
                *given,
            )
        )
    return [dict(row) for row in found], Place(last["created_at"], last["id"]) if last is not None else None


async def messages_of_customer(
    connection: Connection, key: str, *, partitions: int, state: str | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    of = _place_of_customer(key, partitions)
    return await _newest(connection, _MESSAGES, of=of, state=state, by="created_at", before=before, limit=limit)


def _place_of_customer(key: str, partitions: int) -> dict[str, Any]:
    customer = customer_id(key)
    return {"partition": partition_of(customer, partitions), "customer": customer}


async def _newest(
    connection: Connection,
    rows: str,
    *,
    of: Mapping[str, Any],
    state: str | None = None,
    by: str,
    before: Place | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Only what is asked for is said, and a state by its name: a plan that PostgreSQL keeps for all that might be asked
    finds no index that is for some states, nor the place where a page begins."""
    given = [limit, *of.values(), *(before or ())]
    conditions = [f"{column} = ${number}" for number, column in enumerate(of, 2)]
    if state is not None:
        conditions.append(_IN_STATE[state])
    if before is not None:
        conditions.append(_older(by, len(given) - 1))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    found = await connection.fetch(f"{rows} {where} ORDER BY {by} DESC, id DESC LIMIT $1", *given)
    return [dict(row) for row in found]


def _older(by: str, number: int) -> str:
    """Than the place that is given as two arguments from this one on."""
    at, row_id = f"${number}::timestamptz", f"${number + 1}::uuid"
    return f"{by} <= {at} AND ({by}, id) < ({at}, {row_id})"


_IN_STATE = {state: f"state = '{state}'" for state in STATES}
