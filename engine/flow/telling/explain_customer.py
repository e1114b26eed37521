"""What one rule did for one customer, and why not: from what is recorded, judged by the engine's own functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.calendar import zone_named
from engine.core.conditions.program import Program, RuleCode
from engine.core.customers import with_context, with_traits
from engine.core.model import Customer
from engine.core.telling.findings import Finding, Known, judge
from engine.flow.customers.find_customer import find_customer
from engine.flow.delivery.ask_delivery import ask_delivery, told_prospects
from engine.flow.telling.channel_holdups import Wanted, holdups_of
from engine.storage.database import Connection
from engine.storage.events.queue import IDENTIFY
from engine.storage.runs.once_marks import marks_of_customers
from engine.storage.runs.stories import (
    history_until,
    identifications,
    messages_of_runs,
    newest_events,
    notes_of_runs,
    reactions_of_runs,
    runs_of_rule,
)
from engine.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStory:
    """One run as it stood: its notes, messages and what these met with as rows of the tables."""

    id: UUID
    began_at: datetime
    state: str
    step: int
    wake_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    notes: Sequence[Mapping[str, Any]] = ()
    messages: Sequence[Mapping[str, Any]] = ()
    reactions: Sequence[Mapping[str, Any]] = ()  # what the messages met with

    @property
    def put_off_by(self) -> str | None:
        """The reason that its record gives for the wait it stands in."""
        told = next((each["detail"] for each in reversed(self.notes) if each["what"] == "waits"), "")
        moment, colon, reason = told.removeprefix("until ").partition(": ")
        return reason if colon and self.wake_at == datetime.fromisoformat(moment) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    rule: plan.Rule
    customer: Customer
    at: datetime
    zone: ZoneInfo  # by whose clock the rule goes for this customer
    runs: tuple[RunStory, ...] = ()  # newest first
    findings: tuple[Finding, ...] = ()  # what would be said if it were started now, and what speaks against it
    delivery: tuple[Finding, ...] | None = None  # of its messages; None: as of an earlier moment nobody knows
    is_recalled: bool = False  # the attributes are those of an earlier moment, as far as events tell


async def explain_customer(
    connection: Connection, program: Program, key: str, *, rule: str, at: datetime | None, partitions: int
) -> Explanation:
    """`at` None: now. Raises NobodyThere, and KeyError for a rule that is not live."""
    code = program.by_name[rule]
    customer, partition = await find_customer(connection, key, partitions)
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    if at is not None and at < now:
        customer = await customer_as_of(connection, customer, program, at)
    until = min(at or now, now)
    stories = await _stories(connection, partition, customer.id, rule=rule, until=until)
    known = await _known(connection, program, code, customer, partition=partition, until=until)
    zone = code.zone or zone_named(customer.timezone) or code.workspace_zone
    texts = Texts()
    prospects = await ask_delivery(connection, code, (partition, customer.id), texts) if until == now else ()
    wanted = Wanted(
        channels=tuple(dict.fromkeys(each.channel for each in prospects)),
        domain=(customer.email or "").rpartition("@")[2].lower(),
        is_service=code.rule.transactional,
    )
    holdups = await holdups_of(connection, wanted, texts, zone)
    return Explanation(
        rule=code.rule,
        customer=customer,
        at=until,
        zone=zone,
        runs=stories,
        findings=tuple(judge(program, code, known)),
        delivery=(*told_prospects(prospects, zone), *(Finding(each, None) for each in holdups))
        if until == now
        else None,
        is_recalled=until < now,
    )


async def customer_as_of(connection: Connection, customer: Customer, program: Program, at: datetime) -> Customer:
    """As far as events tell: what rules have set since is left out, and so is what they had set before."""
    known = Customer(id=customer.id, key=customer.key)
    for row in await identifications(connection, customer.id, until=at):
        known = with_context(known, row["body"].get("context") or {})
        if row["kind"] == IDENTIFY:
            known = with_traits(known, row["body"].get("properties") or {}, program.plan.attributes)
    return known


async def _stories(
    connection: Connection, partition: int, customer: UUID, *, rule: str, until: datetime
) -> tuple[RunStory, ...]:
    runs = await runs_of_rule(connection, partition, customer, rule=rule, until=until)
    ids = [run["id"] for run in runs]
    notes = _by_run(await notes_of_runs(connection, partition, ids, until=until))
    messages = _by_run(await messages_of_runs(connection, partition, ids, until=until))
    reactions = _by_run(await reactions_of_runs(connection, partition, ids, until=until))
    return tuple(
        story_of(
            run,
            until=until,
            notes=notes.get(run["id"], ()),
            messages=messages.get(run["id"], ()),
            reactions=reactions.get(run["id"], ()),
        )
        for run in runs
    )


def story_of(run: Mapping[str, Any], *, until: datetime, **parts: Sequence[Mapping[str, Any]]) -> RunStory:
    """A run that ended after `until` was still on its way then; for how long it waited is not recorded."""
    has_ended = run["ended_at"] is not None and run["ended_at"] <= until
    was_running = run["ended_at"] is not None and not has_ended
    return RunStory(
        id=run["id"],
        began_at=run["began_at"],
        state="waiting" if was_running else run["state"],
        step=run["body"].get("step", 0),
        wake_at=None if was_running else run["wake_at"],
        ended_at=run["ended_at"] if has_ended else None,
        end_reason=run["end_reason"] if has_ended else None,
        **parts,
    )


def _by_run(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, list[Mapping[str, Any]]]:
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["run"], []).append(row)
    return found


async def _known(
    connection: Connection, program: Program, code: RuleCode, customer: Customer, *, partition: int, until: datetime
) -> Known:
    starts = plan.starting_match(code.rule.trigger)
    names = sorted({*program.reads, *program.remembers, *(starts.events if starts else ())})
    history = await history_until(connection, customer.id, names, until=until)
    newest = await newest_events(connection, customer.id, starts.events, until=until, limit=1) if starts else ()
    marks = await marks_of_customers(connection, [partition], [customer.id])
    return Known(
        customer=customer,
        now=until,
        history=history,
        event=newest[0] if newest else None,
        marks=tuple(mark for _, mark in marks if mark.rule == code.rule.name),
    )
