"""Whether an event concerns a run: stops it, is what it waits for, is its goal, or is the same thing again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.core.conditions.history import between, of_name
from engine.core.conditions.program import MatchCode, Program, RuleCode
from engine.core.model import Event, Past, Properties, Run
from engine.core.reasons.of_runs import CANCELLED_BY
from engine.core.runs.draft import Draft
from engine.core.values import dig, key_text


def is_after_start(run: Run, event: Event) -> bool:
    """An event from before the run began says nothing about it, however late it arrives."""
    return event.at >= run.began_at and event.id != run.event_id


def is_awaited(run: Run, event: Event) -> bool:
    """Only what happened during the wait counts, however late it, or the timer that ends the wait, is decided."""
    return (run.since or run.began_at) <= event.at <= (run.wake_at or event.at) and event.id != run.event_id


def matches(draft: Draft, match: MatchCode, run: Run, event: Event) -> bool:
    return event.name in match.events and fits(draft, match, run, event.properties)


def fits(draft: Draft, match: MatchCode, run: Run, properties: Properties) -> bool:
    """Of an event with a name that matches: in `where`, `event` is the new event; `same` compares it with the run's
    own (D10)."""
    if match.same is not None and not _is_same(run.event, properties, match.same):
        return False
    return match.where is None or match.where(properties, draft.attributes, draft.scope_of(run))


def stop_reason(draft: Draft, code: RuleCode, run: Run, event: Event) -> tuple[str, int] | None:
    """Why the event ends the run, and the line that says so (0: the schema)."""
    for stop in code.stops:
        if matches(draft, stop.match, run, event):
            return stop.text, stop.line
    if cancels(draft.programs[run.rule_set], run, event.name, event.properties):
        return CANCELLED_BY.of(event=event.name), 0
    return None


def cancels(program: Program, run: Run, name: str, properties: Properties) -> bool:
    """`cancelled_by` of the schema: the same key if both carry it, else the same customer (D10)."""
    facts = program.plan.events.get(run.event_name)
    if facts is None or name not in facts.cancelled_by:
        return False
    if facts.key is None:
        return True
    ours, theirs = (key_text(_property(each, facts.key)) for each in (run.event, properties))
    return not ours or not theirs or ours == theirs


def run_key(program: Program, event: Event) -> str:
    """What "the same cart" is: the value of the event's key property."""
    facts = program.plan.events.get(event.name)
    return key_text(_property(event.properties, facts.key)) if facts is not None and facts.key is not None else ""


def happened_after(draft: Draft, name: str, moment: datetime) -> Sequence[Past]:
    """Events decided already, with a later time of their own, oldest first. Those of that very moment came before."""
    seen = draft.seen.get(name)
    if seen is None or seen <= moment:
        return ()
    return between(of_name(draft.history, name), moment, seen)


def _property(properties: Properties, name: str) -> object:
    return dig(properties, tuple(name.split(".")))


def _is_same(run_event: Properties, properties: Properties, name: str) -> bool:
    path = tuple(name.split("."))
    ours, theirs = dig(run_event, path), dig(properties, path)
    return ours is not None and type(ours) is type(theirs) and ours == theirs
