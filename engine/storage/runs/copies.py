"""Copies the rows of one decision to many customers: only the ids differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.core.effects import NewMessage, Note
from engine.core.model import Appointment, OnceMark, Run
from engine.storage.arrays import array_of
from engine.storage.database import Connection
from engine.storage.runs.bulk import record_of_run
from engine.storage.runs.decisions import record_of_message


@dataclass(frozen=True, slots=True)
class Copies:
    """Of one or several decisions, column by column: whose rows each customer gets, and under which ids."""

    decision: list[int] = field(default_factory=list)  # its place
    partition: list[int] = field(default_factory=list)
    customer: list[UUID] = field(default_factory=list)
    event: list[UUID] = field(default_factory=list)
    run: list[UUID] = field(default_factory=list)
    message: list[UUID | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Originals:
    """What is copied, each with the place of its decision."""

    appointments: Sequence[tuple[int, Appointment]]
    runs: Sequence[tuple[int, Run]]
    messages: Sequence[tuple[int, NewMessage]]
    marks: Sequence[tuple[int, OnceMark]]  # for customers who have none of the rule
    notes: Sequence[tuple[int, Note]]


async def write_copies(connection: Connection, copies: Copies, originals: Originals) -> None:
    """One statement, so that the ids travel once. Raises UniqueViolationError for a run or message that exists."""
    kept = [
        (place, each.errand, each.name, each.at, each.definition, each.occasion, each.done)
        for place, each in originals.appointments
    ]
    runs = [(place, *record_of_run(0, run)[3:]) for place, run in originals.runs]
    messages = [(place, *record_of_message(0, message)[4:]) for place, message in originals.messages]
    marks = [(place, mark.rule, mark.key, mark.at) for place, mark in originals.marks]
    notes = [(place, note.at, note.line, note.what, note.detail) for place, note in originals.notes]
    await connection.execute(
        _COPY,
        *map(array_of, (copies.decision, copies.partition)),
        *(copies.customer, copies.event, copies.run, copies.message),
        *_columns(runs, _RUN),
        *_columns(messages, _MESSAGE),
        *_columns(marks, _MARK),
        *_columns(notes, _NOTE),
        *_columns(kept, _APPOINTMENT),
    )


def _columns(rows: Iterable[tuple[Any, ...]], types: Sequence[str]) -> list[list[Any]]:
    listed = list(rows)
    return [[row[number] for row in listed] for number in range(len(types))]


_COPIES = ("text::int", "text::smallint", "uuid", "uuid", "uuid", "uuid")
_TIME = "timestamptz"
_RUN = ("int", "text", "bigint", "text", _TIME, _TIME, _TIME, "text", _TIME, "jsonb")
_MESSAGE = ("int", "text", "bigint", "int", "text", "text", "jsonb", "boolean", _TIME, "jsonb")
_MARK = ("int", "text", "text", _TIME)
_NOTE = ("int", _TIME, "int", "text", "text")
_APPOINTMENT = ("int", "text", "text", _TIME, "text", "text", "text")


def _unnested(*before: Sequence[str], types: Sequence[str]) -> str:
    first = 1 + sum(map(len, before))
    return f"unnest({', '.join(f'${first + place}::{each}[]' for place, each in enumerate(types))})"


# Appointments by a probe of the index for each, which a join would only be while the table is small.
_COPY = f"""
    WITH m AS MATERIALIZED (
        SELECT * FROM {_unnested(types=_COPIES)} WITH ORDINALITY
            AS m (decision, partition, customer, event, run, message, place)
    ), runs AS (
        INSERT INTO run (partition, id, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason,
                         open_until, body)
        SELECT partition, m.run, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason, open_until,
               body || jsonb_build_object('event_id', event)
        FROM m JOIN {_unnested(_COPIES, types=_RUN)} AS k
            (decision, rule, rule_set, state, wake_at, began_at, ended_at, end_reason, open_until, body)
            USING (decision)
    ), messages AS (
        INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,
                             transactional, due_at, limits)
        SELECT partition, m.message, customer, run, rule, rule_set, step, channel, template, context, transactional,
               due_at, limits
        FROM m JOIN {_unnested(_COPIES, _RUN, types=_MESSAGE)} AS k
            (decision, rule, rule_set, step, channel, template, context, transactional, due_at, limits)
            USING (decision)
    ), marks AS (
        INSERT INTO once_mark (partition, customer, rule, key, run, at)
        SELECT partition, customer, rule, key, run, at
        FROM m JOIN {_unnested(_COPIES, _RUN, _MESSAGE, types=_MARK)} AS k (decision, rule, key, at) USING (decision)
    ), notes AS (
        INSERT INTO run_note (partition, run, at, line, what, detail)
        SELECT partition, run, at, line, what, detail
        FROM m JOIN {_unnested(_COPIES, _RUN, _MESSAGE, _MARK, types=_NOTE)} WITH ORDINALITY
            AS k (decision, at, line, what, detail, place) USING (decision)
        ORDER BY m.place, k.place
    )
    INSERT INTO appointment (partition, customer, errand, name, at, definition, occasion, done)
    SELECT partition, customer, errand, name, at, definition, occasion, done
    FROM m JOIN {_unnested(_COPIES, _RUN, _MESSAGE, _MARK, _NOTE, types=_APPOINTMENT)} AS k
        (decision, errand, name, at, definition, occasion, done) USING (decision)
    ON CONFLICT (partition, customer, errand, name) DO UPDATE
    SET at = excluded.at, definition = excluded.definition, occasion = excluded.occasion, done = excluded.done
"""  # noqa: S608 -- of words of this file alone
