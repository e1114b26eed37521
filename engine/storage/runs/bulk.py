"""Runs in bulk: what has no column of its own lies in `body`, without the fields that hold their default."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.core.model import Run
from engine.storage.database import Connection

_FOREVER = datetime.max.replace(tzinfo=UTC)  # PostgreSQL's infinity, both ways
_COLUMNS = ("id", "customer", "rule", "rule_set", "state", "wake_at", "began_at", "ended_at", "end_reason")
_BODY = tuple(
    (field.name, field.default_factory() if field.default_factory is not MISSING else field.default)
    for field in fields(Run)
    if field.name not in _COLUMNS
)
_TIMES = ("since", "goal_until", "goal_at")
_WRITTEN = ("partition", *_COLUMNS, "open_until", "body")
_READ = "partition, " + ", ".join(_COLUMNS) + ", body"


async def runs_of_customers(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID], now: datetime
) -> list[Run]:
    """Of customers given with their partitions, the runs that a decision may need: not ended, or with a goal open."""
    rows = await connection.fetch(
        f"""
        SELECT r.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT {_READ} FROM run
            WHERE partition = w.partition AND customer = w.customer AND open_until > $3 OFFSET 0
        ) r
        """,  # noqa: S608
        partitions,
        customers,
        now,
    )
    return [_run(row) for row in rows]


async def runs_by_id(connection: Connection, partitions: Sequence[int], ids: Collection[UUID]) -> list[Run]:
    """Also those that ended long ago."""
    rows = await connection.fetch(
        f"SELECT {_READ} FROM run WHERE partition = ANY($1::smallint[]) AND id = ANY($2::uuid[])",  # noqa: S608
        partitions,
        list(ids),
    )
    return [_run(row) for row in rows]


async def due_customers(
    connection: Connection, horizons: Sequence[tuple[int, datetime]], *, limit: int
) -> list[tuple[int, UUID]]:
    """Partition and customer of the timers due at each partition's horizon, the oldest first; one entry a timer."""
    rows = await connection.fetch(
        """
        SELECT h.partition, r.customer
        FROM unnest($1::smallint[], $2::timestamptz[]) AS h (partition, horizon)
        CROSS JOIN LATERAL (
            SELECT customer FROM run WHERE run.partition = h.partition AND run.wake_at <= h.horizon
            ORDER BY run.wake_at LIMIT $3
        ) r
        """,
        [partition for partition, _ in horizons],
        [horizon for _, horizon in horizons],
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def insert_runs(connection: Connection, runs: Sequence[tuple[int, Run]]) -> None:
    """By COPY, which raises UniqueViolationError for an id that exists: `save_runs` is the careful way."""
    await connection.copy_records_to_table(
        "run", columns=_WRITTEN, records=[record_of_run(partition, run) for partition, run in runs]
    )


async def save_runs(connection: Connection, runs: Sequence[tuple[int, Run]]) -> None:
    """Write changed runs over their rows, or insert them. Each id once."""
    records = [record_of_run(partition, run) for partition, run in runs]
    await connection.execute(
        """
        INSERT INTO run (partition, id, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason,
                         open_until, body)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[],
                             $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[],
                             $11::timestamptz[], $12::jsonb[])
        ON CONFLICT (partition, id) DO UPDATE
        SET rule_set = excluded.rule_set, state = excluded.state, wake_at = excluded.wake_at,
            began_at = excluded.began_at, ended_at = excluded.ended_at, end_reason = excluded.end_reason,
            open_until = excluded.open_until, body = excluded.body
        """,
        *map(list, zip(*records, strict=True)),
    )


def record_of_run(partition: int, run: Run) -> tuple[Any, ...]:
    return (
        partition,
        run.id,
        run.customer,
        run.rule,
        run.rule_set,
        run.state,
        run.wake_at,
        run.began_at,
        run.ended_at,
        run.end_reason,
        _open_until(run),
        _body(run),
    )


def _open_until(run: Run) -> datetime | None:
    if run.ended_at is None:
        return _FOREVER
    return run.goal_until if run.goal_at is None else None


def _body(run: Run) -> dict[str, Any]:
    """Times become texts by orjson; ids may be of the driver's own class, which it does not know."""
    body = {name: value for name, default in _BODY if (value := getattr(run, name)) != default}
    body["event_id"] = str(run.event_id)
    return body


def _run(row: Any) -> Run:
    body = row["body"]
    for name in _TIMES:
        if name in body:
            body[name] = datetime.fromisoformat(body[name])
    body["event_id"] = UUID(body["event_id"])
    if "ways" in body:
        body["ways"] = tuple((channel, template) for channel, template in body["ways"])
    return Run(**{name: row[name] for name in _COLUMNS}, **body)


async def first_due(connection: Connection, partition: int) -> UUID | None:
    """The run whose timer is the oldest one due."""
    run: UUID | None = await connection.fetchval(
        "SELECT id FROM run WHERE partition = $1 AND wake_at <= now() ORDER BY wake_at LIMIT 1", partition
    )
    return run


async def fail_run(connection: Connection, partition: int, run: UUID) -> None:
    """End it without reading what is in it."""
    await connection.execute(
        """
        UPDATE run SET state = 'ended', wake_at = NULL, open_until = NULL, ended_at = now(), end_reason = 'failed'
        WHERE partition = $1 AND id = $2 AND state <> 'ended'
        """,
        partition,
        run,
    )


async def runs_of_rule_sets(
    connection: Connection, partition: int, rules: Sequence[str], *, but: int, after: UUID | None, limit: int
) -> list[Run]:
    """Runs of these rules that have not ended and are pinned to other rule sets than `but`, by id."""
    rows = await connection.fetch(
        f"""
        SELECT {_READ} FROM run
        WHERE partition = $1 AND state <> 'ended' AND rule = ANY($2::text[]) AND rule_set <> $3
          AND ($4::uuid IS NULL OR id > $4)
        ORDER BY id LIMIT $5
        """,  # noqa: S608
        partition,
        rules,
        but,
        after,
        limit,
    )
    return [_run(row) for row in rows]


async def people_in(connection: Connection, rules: Sequence[str]) -> dict[str, int]:
    """How many runs of each rule have not ended. Such a run has a timer, or waits for a message that is under way, or
    for its partition to hear of one: those are few and indexed, while runs that ended are never deleted."""
    rows = await connection.fetch(
        """
        SELECT rule, count(*) FROM (
            SELECT partition, id, rule, state FROM run WHERE wake_at IS NOT NULL
            UNION
            SELECT r.* FROM (
                SELECT partition, run FROM message WHERE state = 'queued'
                UNION SELECT partition, run FROM message WHERE state = 'sending'
                UNION SELECT partition, run FROM outcome
            ) AS heard CROSS JOIN LATERAL (
                SELECT partition, id, rule, state FROM run WHERE partition = heard.partition AND id = heard.run OFFSET 0
            ) AS r
        ) AS under_way
        WHERE state <> 'ended' AND rule = ANY($1::text[]) GROUP BY rule
        """,
        rules,
    )
    return {row[0]: row[1] for row in rows}
