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
        at, row_id = f"${len(given) - 1}::timestamptz", f"${len(given)}::uuid"
        conditions.append(f"{by} <= {at} AND ({by}, id) < ({at}, {row_id})")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    found = await connection.fetch(f"{rows} {where} ORDER BY {by} DESC, id DESC LIMIT $1", *given)
    return [dict(row) for row in found]


_IN_STATE = {state: f"state = '{state}'" for state in STATES}
