"""Events that were refused: kept with the reason and the field at fault, so that nobody has to guess."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.core.effects import Misfit
from engine.core.values import money
from engine.storage.database import Connection

_MOST_KEPT = 4_000  # characters of what was left out


class Reject(NamedTuple):
    source: str
    reason: str
    path: str  # of the field at fault, "$.properties.total"
    body: str  # as received, as ASCII JSON, cut at the event limit


class RejectRow(NamedTuple):
    id: int
    received_at: datetime
    source: str
    reason: str
    path: str
    body: str


async def insert_rejects(connection: Connection, rejects: Sequence[Reject]) -> None:
    await connection.execute(
        """INSERT INTO reject (source, reason, path, body)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])""",
        *map(list, zip(*rejects, strict=True)),
    )


async def insert_misfits(connection: Connection, misfits: Sequence[tuple[UUID, str, Misfit]]) -> None:
    """What did not fit in events that were taken, with the customer's id and key. Each trait has a row; of properties
    each kind of mistake has one, however many events of the batch make it: an app makes it with every event."""
    together: dict[tuple[str, ...], list[tuple[UUID, str, Misfit]]] = {}
    for number, each in enumerate(misfits):
        misfit = each[2]
        same = (misfit.of, misfit.name, misfit.kind) if misfit.of else (str(number),)
        together.setdefault(same, []).append(each)
    rows = [_row(alike[0], len(alike)) for alike in together.values()]
    await connection.execute(
        """
        INSERT INTO reject (source, reason, path, body)
        SELECT coalesce(
            (SELECT source FROM event e WHERE e.customer = w.customer AND e.name = w.of AND e.id = w.id), ''
        ), reason, path, body
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
            AS w (customer, id, of, reason, path, body)
        """,
        *map(list, zip(*rows, strict=True)),
    )


def _row(first: tuple[UUID, str, Misfit], count: int) -> tuple[UUID, UUID, str, str, str, str]:
    customer, key, misfit = first
    field = "properties" if misfit.of else "traits"
    told = {"customer": key, **({"event": misfit.of} if misfit.of else {}), field: {misfit.name: misfit.value}}
    body = json.dumps(told)[:_MOST_KEPT]
    return customer, misfit.event, misfit.of, _reason(misfit, count), f"$.{field}.{misfit.name}", body


def _reason(misfit: Misfit, count: int) -> str:
    if not misfit.of:
        return f"{misfit.name} is no {misfit.kind}: it was left out, and the rest was taken"
    others = f"; so in {count} events of one batch, of which this is the first" if count > 1 else ""
    fault = f"is no {misfit.kind}"
    if misfit.kind == "money" and money(misfit.value, {}, "XXX") is not None:
        fault = "has no currency that is known"
    return f"{misfit.name} of {misfit.of} {fault}: for rules it is unknown, and the event was taken{others}"


async def newest_rejects(connection: Connection, *, before: int | None, limit: int) -> list[RejectRow]:
    """Newest first; `before` is the id that the previous page ended with."""
    older, given = ("WHERE id < $2", (limit, before)) if before is not None else ("", (limit,))
    rows = await connection.fetch(
        f"SELECT id, received_at, source, reason, path, body FROM reject {older} ORDER BY id DESC LIMIT $1",  # noqa: S608
        *given,
    )
    return [RejectRow(*row) for row in rows]
