"""How all rules stand for one customer, a line each: where a run is, or what speaks against one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.calendar import zone_named
from engine.core.model import Customer
from engine.core.program import Program, RuleCode
from engine.core.reasons import Finding, Judgement, judge
from engine.flow.explain_customer import RunStory, customer_as_of, find_customer, story_of
from engine.storage.database import Connection
from engine.storage.once_marks import marks_of_customers
from engine.storage.stories import history_until, last_runs, messages_of_runs, newest_of_each

_NOT_SENT = frozenset({"suppressed", "failed", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """`against` None: nothing that can be judged now speaks against a start."""

    rule: plan.Rule
    zone: ZoneInfo
    run: RunStory | None  # the newest
    against: Finding | None  # the first thing that does
    not_sent: Mapping[str, Any] | None = None  # the last message of the run, when it did not go out, and why


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
    last = {row["run"]: row for row in await messages_of_runs(connection, partition, ids, until=until)}
    marks = await marks_of_customers(connection, [partition], [customer.id])
    zone = zone_named(customer.timezone)

    def standing(code: RuleCode) -> RuleStanding:
        known = Judgement(
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
            run=story_of(run, until=until) if run is not None else None,
            not_sent=_not_sent(last.get(run["id"])) if run is not None else None,
            against=next((each for each in judge(program, code, known) if each.is_met is False), None),
        )

    return Overview(
        customer=customer,
        at=until,
        zone=zone or program.zone,
        rules=tuple(map(standing, program.rules)),
        is_recalled=until < now,
    )


def _not_sent(message: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if message is None or message["state"] not in _NOT_SENT:
        return None
    return {name: message[name] for name in ("channel", "template", "state", "reason")}


def _events_of(code: RuleCode) -> tuple[str, ...]:
    starts = plan.starting_match(code.rule.trigger)
    return starts.events if starts is not None else ()


def _newest(newest: Mapping[str, Any], code: RuleCode) -> Mapping[str, Any] | None:
    found = [newest[name] for name in _events_of(code) if name in newest]
    return max(found, key=lambda event: event["at"], default=None)
