"""How all rules stand for one customer, a line each: where a run is, or what speaks against one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.calendar import zone_named
from engine.core.conditions.program import Program, RuleCode
from engine.core.model import Customer, Event
from engine.core.reasons.of_runs import SAME_MESSAGE, SEND_UNLESS
from engine.core.telling.findings import Finding, Known, judge
from engine.flow.customers.find_customer import find_customer
from engine.flow.delivery.ask_delivery import ask_delivery, told_prospects
from engine.flow.telling.explain_customer import RunStory, customer_as_of, story_of
from engine.storage.database import Connection
from engine.storage.runs.once_marks import marks_of_customers
from engine.storage.runs.stories import history_until, last_runs, messages_of_runs, newest_of_each, notes_of_runs
from engine.texts import Texts

_NOT_SENT = frozenset({"suppressed", "failed", "unknown"})
#: Why a rule itself leaves out a message, and goes on.
_SKIP_ENDS = (f": {SAME_MESSAGE.recorded}", f": {SEND_UNLESS.recorded}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """`against` None: nothing that can be judged now speaks against a start."""

    rule: plan.Rule
    zone: ZoneInfo
    run: RunStory | None  # the newest
    against: Finding | None  # the first thing that does
    not_sent: Mapping[str, Any] | None = None  # the last message of the run, when it did not go out, and why
    skipped: str | None = None  # what the rule left out after that, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    customer: Customer
    at: datetime
    zone: ZoneInfo
    rules: tuple[RuleStanding, ...] = ()  # in the order in which they act
    is_recalled: bool = False


async def explain_rules(
    connection: Connection, program: Program, key: str, *, at: datetime | None, partitions: int
) -> Overview:
    """`at` None: now. Raises NobodyThere."""
    customer, partition = await find_customer(connection, key, partitions)
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    until = min(at or now, now)
    if until < now:
        customer = await customer_as_of(connection, customer, program, until)
    heard = {name for code in program.rules for name in _events_of(code)}
    names = sorted(heard | program.reads | program.remembers)
    history = await history_until(connection, customer.id, names, until=until)
    newest = await newest_of_each(connection, customer.id, sorted(heard), until=until)
    runs = {run["rule"]: run for run in await last_runs(connection, partition, customer.id, until=until)}
    ids = [run["id"] for run in runs.values()]
    notes = await notes_of_runs(connection, partition, ids, until=until)
    not_sent, skipped = _unsent(await messages_of_runs(connection, partition, ids, until=until), notes)
    marks = await marks_of_customers(connection, [partition], [customer.id])
    zone = zone_named(customer.timezone)

    def standing(code: RuleCode) -> RuleStanding:
        known = Known(
            customer=customer,
            now=until,
            history=history,
            event=_newest(newest, code),
            marks=tuple(mark for _, mark in marks if mark.rule == code.rule.name),
        )
        run = runs.get(code.rule.name)
        return RuleStanding(
            rule=code.rule,
            zone=code.zone or zone or code.workspace_zone,
            run=story_of(run, until=until, notes=_of_run(notes, run["id"])) if run is not None else None,
            not_sent=not_sent.get(run["id"]) if run is not None else None,
            skipped=skipped.get(run["id"]) if run is not None else None,
            against=next((each for each in judge(program, code, known) if each.is_met is False), None),
        )

    rules = tuple(map(standing, program.rules))
    if until == now:
        rules = await _with_delivery(connection, program, rules, (partition, customer.id))
    return Overview(customer=customer, at=until, zone=zone or program.zone, rules=rules, is_recalled=until < now)


async def _with_delivery(
    connection: Connection, program: Program, rules: Sequence[RuleStanding], place: tuple[int, UUID]
) -> tuple[RuleStanding, ...]:
    """Against a rule speaks also that all its messages would be stopped, not only put off, if they went now."""
    texts, found = Texts(), []
    for each in rules:
        is_on_its_way = each.run is not None and each.run.ended_at is None
        if each.against is None and not is_on_its_way:
            prospects = await ask_delivery(connection, program.by_name[each.rule.name], place, texts)
            if prospects and all(one.is_lost for one in prospects):
                each = replace(each, against=told_prospects(prospects, each.zone)[0])
        found.append(each)
    return tuple(found)


def _of_run(notes: Sequence[Mapping[str, Any]], run: UUID) -> list[Mapping[str, Any]]:
    return [note for note in notes if note["run"] == run]


def _unsent(
    messages: Sequence[Mapping[str, Any]], notes: Sequence[Mapping[str, Any]]
) -> tuple[dict[UUID, dict[str, Any]], dict[UUID, str]]:
    """By run: its last message, if that did not go out; and what its rule left out, if no message was made since."""
    last = {row["run"]: row for row in messages}
    skipped = {}
    for note in notes:
        message = last.get(note["run"])
        is_last = message is None or note["at"] > message["due_at"]  # equal in one batch: the skip came first
        if note["what"] == "skipped" and note["detail"].endswith(_SKIP_ENDS) and is_last:
            skipped[note["run"]] = note["detail"]
    not_sent = {
        run: {name: row[name] for name in ("channel", "template", "state", "reason")}
        for run, row in last.items()
        if row["state"] in _NOT_SENT
    }
    return not_sent, skipped


def _events_of(code: RuleCode) -> tuple[str, ...]:
    starts = plan.starting_match(code.rule.trigger)
    return starts.events if starts is not None else ()


def _newest(newest: Mapping[str, Event], code: RuleCode) -> Event | None:
    found = [newest[name] for name in _events_of(code) if name in newest]
    return max(found, key=lambda event: event.at, default=None)
