"""Whether an event concerns a run: stops it, is what it waits for, is its goal, or is the same thing again."""

from __future__ import annotations

from engine.core.draft import Draft
from engine.core.model import Event, Run
from engine.core.program import MatchCode, Program, RuleCode
from engine.core.values import dig, key_text


def is_after_start(run: Run, event: Event) -> bool:
    """An event from before the run began says nothing about it, however late it arrives."""
    return event.at >= run.began_at and event.id != run.event_id


def is_awaited(run: Run, event: Event) -> bool:
    """Only what happened during the wait counts, however late it, or the timer that ends the wait, is decided."""
    return (run.since or run.began_at) <= event.at <= (run.wake_at or event.at) and event.id != run.event_id


def matches(draft: Draft, match: MatchCode, run: Run, event: Event) -> bool:
    """In `where`, `event` is the new event; `same` compares it with the run's own (D10)."""
    if event.name not in match.events:
        return False
    if match.same is not None and not _is_same(run, event, match.same):
        return False
    return match.where is None or match.where(event.properties, draft.attributes, draft.scope_of(run))


def stop_reason(draft: Draft, code: RuleCode, run: Run, event: Event) -> tuple[str, int] | None:
    """Why the event ends the run, and the line that says so (0: the schema)."""
    for stop in code.stops:
        if matches(draft, stop.match, run, event):
            return stop.text, stop.line
    if cancels(draft.programs[run.rule_set], run, event):
        return f"cancelled by {event.name}", 0
    return None


def cancels(program: Program, run: Run, event: Event) -> bool:
    """`cancelled_by` of the schema: the same key if both carry it, else the same customer (D10)."""
    facts = program.plan.events.get(run.event_name)
    if facts is None or event.name not in facts.cancelled_by:
        return False
    if facts.key is None or not run.key:
        return True
    key = key_text(_property(event, facts.key))
    return not key or key == run.key


def run_key(program: Program, event: Event) -> str:
    """What "the same cart" is: the value of the event's key property."""
    facts = program.plan.events.get(event.name)
    return key_text(_property(event, facts.key)) if facts is not None and facts.key is not None else ""


def _property(event: Event, name: str) -> object:
    return dig(event.properties, tuple(name.split(".")))


def _is_same(run: Run, event: Event, name: str) -> bool:
    path = tuple(name.split("."))
    ours, theirs = dig(run.event, path), dig(event.properties, path)
    return ours is not None and type(ours) is type(theirs) and ours == theirs
