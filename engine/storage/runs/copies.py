"""The rows of one decision, written for many customers: the same but for the ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from engine.core.effects import NewMessage, Note
from engine.core.model import Appointment, OnceMark, Run
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


async def copy_appointments(connection: Connection, copies: Copies, kept: Sequence[Appointment]) -> None:
    """One of each decision. A probe of the index for each row, which a join would only be while it is small."""
    await connection.execute(
        """
        INSERT INTO appointment (partition, customer, errand, name, at, definition, occasion, done)
        SELECT m.partition, m.customer, k.errand, k.name, k.at, k.definition, k.occasion, k.done
        FROM unnest($1::int[], $2::smallint[], $3::uuid[]) AS m (decision, partition, customer)
        JOIN unnest($4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[]) WITH ORDINALITY
            AS k (errand, name, at, definition, occasion, done, place) ON k.place = m.decision + 1
        ON CONFLICT (partition, customer, errand, name) DO UPDATE
        SET at = excluded.at, definition = excluded.definition, occasion = excluded.occasion, done = excluded.done
        """,
        copies.decision,
        copies.partition,
        copies.customer,
        [each.errand for each in kept],
        [each.name for each in kept],
        [each.at for each in kept],
        [each.definition for each in kept],
        [each.occasion for each in kept],
        [each.done for each in kept],
    )


async def copy_runs(connection: Connection, copies: Copies, runs: Sequence[tuple[int, Run]]) -> None:
    """Each with the place of its decision. Raises UniqueViolationError for an id that exists."""
    records = [record_of_run(0, run)[3:] for _, run in runs]
    await connection.execute(
        """
        INSERT INTO run (partition, id, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason,
                         open_until, body)
        SELECT m.partition, m.run, m.customer, k.rule, k.rule_set, k.state, k.wake_at, k.began_at, k.ended_at,
               k.end_reason, k.open_until, k.body || jsonb_build_object('event_id', m.event)
        FROM unnest($1::int[], $2::smallint[], $3::uuid[], $4::uuid[], $5::uuid[])
            AS m (decision, partition, customer, run, event)
        JOIN unnest($6::int[], $7::text[], $8::bigint[], $9::text[], $10::timestamptz[], $11::timestamptz[],
                    $12::timestamptz[], $13::text[], $14::timestamptz[], $15::jsonb[])
            AS k (decision, rule, rule_set, state, wake_at, began_at, ended_at, end_reason, open_until, body)
            USING (decision)
        """,
        *(copies.decision, copies.partition, copies.customer, copies.run, copies.event),
        [place for place, _ in runs],
        *map(list, zip(*records, strict=True)),
    )


async def copy_messages(connection: Connection, copies: Copies, messages: Sequence[tuple[int, NewMessage]]) -> None:
    """As `copy_runs`."""
    records = [record_of_message(0, message)[4:] for _, message in messages]
    await connection.execute(
        """
        INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,
                             transactional, due_at, limits)
        SELECT m.partition, m.message, m.customer, m.run, k.rule, k.rule_set, k.step, k.channel, k.template, k.context,
               k.transactional, k.due_at, k.limits
        FROM unnest($1::int[], $2::smallint[], $3::uuid[], $4::uuid[], $5::uuid[])
            AS m (decision, partition, customer, run, message)
        JOIN unnest($6::int[], $7::text[], $8::bigint[], $9::int[], $10::text[], $11::text[], $12::jsonb[],
                    $13::boolean[], $14::timestamptz[], $15::jsonb[])
            AS k (decision, rule, rule_set, step, channel, template, context, transactional, due_at, limits)
            USING (decision)
        """,
        *(copies.decision, copies.partition, copies.customer, copies.run, copies.message),
        [place for place, _ in messages],
        *map(list, zip(*records, strict=True)),
    )


async def copy_marks(connection: Connection, copies: Copies, marks: Sequence[tuple[int, OnceMark]]) -> None:
    """As `copy_runs`, for customers who have none of the rule."""
    await connection.execute(
        """
        INSERT INTO once_mark (partition, customer, rule, key, run, at)
        SELECT m.partition, m.customer, k.rule, k.key, m.run, k.at
        FROM unnest($1::int[], $2::smallint[], $3::uuid[], $4::uuid[]) AS m (decision, partition, customer, run)
        JOIN unnest($5::int[], $6::text[], $7::text[], $8::timestamptz[]) AS k (decision, rule, key, at)
            USING (decision)
        """,
        *(copies.decision, copies.partition, copies.customer, copies.run),
        [place for place, _ in marks],
        [mark.rule for _, mark in marks],
        [mark.key for _, mark in marks],
        [mark.at for _, mark in marks],
    )


async def copy_notes(connection: Connection, copies: Copies, notes: Sequence[tuple[int, Note]]) -> None:
    await connection.execute(
        """
        INSERT INTO run_note (partition, run, at, line, what, detail)
        SELECT m.partition, m.run, k.at, k.line, k.what, k.detail
        FROM unnest($1::int[], $2::smallint[], $3::uuid[]) WITH ORDINALITY AS m (decision, partition, run, place)
        JOIN unnest($4::int[], $5::timestamptz[], $6::int[], $7::text[], $8::text[]) WITH ORDINALITY
            AS k (decision, at, line, what, detail, place) USING (decision)
        ORDER BY m.place, k.place
        """,
        *(copies.decision, copies.partition, copies.run),
        [place for place, _ in notes],
        [note.at for _, note in notes],
        [note.line for _, note in notes],
        [note.what for _, note in notes],
        [note.detail for _, note in notes],
    )
