"""People who were past the mark of a rule before it was live, and are started because somebody asks for it (S13)."""

from __future__ import annotations

from datetime import UTC, datetime

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import Program, RuleCode
from engine.core.model import Appointment, Facts
from engine.core.runs.draft import Draft
from engine.core.standing.index import WakeKey

#: The occasion of members who were in a segment before. One, so that nobody is started for it twice.
_WAS_IN = "was in before"


def has_mark(trigger: plan.Trigger) -> bool:
    """Whether people stay past it: dates, schedules and changes come again, or are over, and who has left a segment
    cannot be told from who was never in it."""
    return isinstance(trigger, plan.InactivityTrigger) or (isinstance(trigger, plan.SegmentTrigger) and trigger.enters)


def start_asked_for(program: Program, code: RuleCode, facts: Facts, now: datetime) -> Appointment | None:
    """The appointment, now, of a customer who is past the mark; None: is not, or was started for it, or soon is."""
    draft, trigger = Draft({program.rule_set: program}, program, facts, now), code.rule.trigger
    standing = program.standing
    if standing is None or facts.customer.merged_into is not None:
        return None
    if isinstance(trigger, plan.InactivityTrigger):
        key: WakeKey = ("inactivity", code.rule.name)
        definition, occasion = standing.wakes[key].definition, _silent_since(draft, code, trigger)
    elif isinstance(trigger, plan.SegmentTrigger) and trigger.enters:
        key = ("start", code.rule.name)
        is_in = code.rule.name in standing.asked and draft.scope().in_segment(trigger.segment, draft.attributes)
        definition, occasion = standing.asked.get(code.rule.name, ""), _WAS_IN if is_in else None
    else:
        return None
    known = draft.appointments.get(key)
    done = known.done if known is not None else ""
    if occasion is None or occasion <= done or _is_pending(known, definition, occasion):
        return None
    return Appointment(errand=key[0], name=key[1], at=now, definition=definition, occasion=occasion, done=done)


def _silent_since(draft: Draft, code: RuleCode, trigger: plan.InactivityTrigger) -> str | None:
    last = draft.seen.get(trigger.event)
    if last is None or calendar.add(last, trigger.length, draft.zone_of(code)) > draft.now:
        return None
    return last.astimezone(UTC).isoformat()


def _is_pending(known: Appointment | None, definition: str, occasion: str) -> bool:
    return known is not None and known.at is not None and (known.definition, known.occasion) == (definition, occasion)
