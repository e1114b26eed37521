"""Why a rule would start for a customer, or not: every condition that is asked, with its answer and what it saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dsl import plan
from dsl.messages import in_a_row, say
from dsl.telling import tell_condition
from dsl.telling.lengths import tell_length
from dsl.telling.values import tell_constant, tell_value
from engine.core import calendar
from engine.core.conditions.program import Program, RuleCode
from engine.core.conditions.recall import recall_of
from engine.core.conditions.scope import Scope, attributes_of
from engine.core.model import Customer, Event, OnceMark, Past
from engine.core.runs.deeds import read_operand
from engine.core.telling.tracing import Sight, Traced, trace
from engine.core.values import Values, key_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the customer at the moment `now`."""

    customer: Customer
    now: datetime
    history: Mapping[str, tuple[Past, ...]] = field(default_factory=dict)
    event: Event | None = None  # the newest one that could start the rule
    marks: tuple[OnceMark, ...] = ()  # of this rule


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was asked. `is_met` None: only told. `saw`: the values that decided."""

    text: str
    is_met: bool | None
    saw: tuple[str, ...] = ()


def judge(program: Program, code: RuleCode, known: Known) -> Iterator[Finding]:
    """In the order in which the engine asks."""
    yield from _judge_activity(code, known)
    event = known.event.properties if known.event else {}
    sight = sight_of(program, code, known, event)
    yield from _judge_trigger(program, code, known, sight)
    for guard in code.rule.guards:
        traced = trace(guard.condition, sight)
        is_met = traced.holds if guard.word == "only if" else not traced.holds
        yield Finding(guard.text, is_met, tuple(_seen(traced)))
    yield from _judge_once(code, known, event)


def sight_of(program: Program, code: RuleCode, known: Known, event: Values) -> Sight:
    zone = calendar.zone_named(known.customer.timezone) or program.zone
    scope = Scope(
        now=known.now,
        zone=zone,
        seen={name: pasts[-1].at for name, pasts in known.history.items() if pasts},
        history=known.history,
        leap_day=program.plan.leap_day,
        segments=program.segments,
    )
    attributes = attributes_of(known.customer)
    scope = scope.of_run(known.event.at if known.event else known.now, arrived=None)
    return Sight(
        event=event,
        attributes=attributes,
        scope=scope,
        recall=recall_of(scope, event, attributes, currency=program.plan.currency, zone=code.zone),
        currency=program.plan.currency,
        zone=code.zone,
    )


def _judge_activity(code: RuleCode, known: Known) -> Iterator[Finding]:
    if code.rule.active_from is not None:
        until = code.rule.active_until or "…"
        is_active = code.active_from <= known.now < code.active_until
        yield Finding(say("active from {first} until {last}", first=code.rule.active_from, last=until), is_active)


def _judge_trigger(program: Program, code: RuleCode, known: Known, sight: Sight) -> Iterator[Finding]:
    starts = plan.starting_match(code.rule.trigger)
    if starts is not None:
        yield from _judge_event(program, starts, known, sight)
        return
    match code.rule.trigger:
        case plan.ScheduleTrigger(audience=audience):
            if audience is not None:
                yield _asked(audience, sight)
        case plan.SegmentTrigger(segment=segment):
            yield _asked(plan.InSegment(segment), sight)
        case plan.ChangeTrigger(attribute=attribute) | plan.DateTrigger(attribute=attribute):
            yield Finding(tell_value(attribute), None, tuple(_shown(attribute, _read(attribute, sight))))
        case plan.InactivityTrigger(event=event):
            yield from _judge_newest(event, sight)
        case _:
            pass


def _judge_event(program: Program, match: plan.EventMatch, known: Known, sight: Sight) -> Iterator[Finding]:
    names = in_a_row(", ", match.events)
    if known.event is None:
        yield Finding(say("{event} has never come", event=names), False)
        return
    at, received_at = known.event.at, known.event.received_at
    yield Finding(say("the newest {event} was at {time}", event=known.event.name, time=_clock(at, sight)), True)
    if known.event.historical:
        yield Finding(say("it was imported as history, which starts nothing"), False)
    facts = program.plan.events.get(known.event.name)
    late_after = facts.late_after if facts else calendar.LATE_AFTER
    if received_at > calendar.add(at, late_after, sight.scope.zone):
        late = say("it came later than {length} after it happened", length=tell_length(late_after))
        yield Finding(late, False, (_clock(received_at, sight),))
    if match.where is not None:
        yield _asked(match.where, sight)


def _judge_newest(event: str, sight: Sight) -> Iterator[Finding]:
    last = sight.scope.seen.get(event)
    if last is None:
        yield Finding(say("{event} has never come", event=event), False)
    else:
        yield Finding(say("the newest {event} was at {time}", event=event, time=_clock(last, sight)), True)


def _judge_once(code: RuleCode, known: Known, event: Values) -> Iterator[Finding]:
    once = code.rule.once
    if once is None:
        return
    key = key_text(read_operand(once.key, event, {})) if once.key is not None else ""
    mark = next((mark for mark in known.marks if mark.key == key and mark.at <= known.now), None)
    if mark is None:
        yield Finding(say("`once per`: nothing was sent by this rule yet"), True)
        return
    zone = code.zone or calendar.zone_named(known.customer.timezone) or code.workspace_zone
    acted = f"{mark.at.astimezone(zone):%Y-%m-%d %H:%M}"
    if once.window is None:
        yield Finding(say("`once per`: it acted at {time}, and never does again", time=acted), False)
        return
    again = calendar.add(mark.at, once.window, zone)
    told = say(
        "`once per`: it acted at {time}, and may again at {next}",
        time=acted,
        next=f"{again.astimezone(zone):%Y-%m-%d %H:%M}",
    )
    yield Finding(told, known.now >= again)


def _asked(condition: plan.Expression, sight: Sight) -> Finding:
    traced = trace(condition, sight)
    return Finding(tell_condition(condition), traced.holds, tuple(_seen(traced)))


def _seen(traced: Traced) -> Iterator[str]:
    """The values that made it come out so, each once."""
    told: dict[str, None] = {}
    for part in traced.deciding():
        for operand, value in part.values:
            told.update(dict.fromkeys(_shown(operand, value)))
        if not part.values:  # a state, such as being in a segment
            told[_verdict(part)] = None
    yield from told


def _verdict(part: Traced) -> str:
    condition = tell_condition(part.condition)
    return say("{condition}: yes", condition=condition) if part.holds else say("{condition}: no", condition=condition)


def _shown(operand: plan.Operand, value: plan.JSON) -> Iterator[str]:
    if value is None:
        yield say("{value} is unknown", value=tell_value(operand))
    else:
        yield say("{value}: {content}", value=tell_value(operand), content=_content(operand, value))


def _content(operand: plan.Operand, value: plan.JSON) -> str:
    if isinstance(value, dict) and "amount" in value:
        return tell_constant(plan.Constant("money", value))
    if isinstance(value, str | bool):
        return tell_constant(plan.Constant("text" if isinstance(value, str) else "flag", value))
    return str(value)


def _read(operand: plan.Operand, sight: Sight) -> plan.JSON:
    return read_operand(operand, sight.event, sight.attributes, sight.recall)


def _clock(moment: datetime, sight: Sight) -> str:
    return f"{moment.astimezone(sight.scope.zone):%Y-%m-%d %H:%M}"
