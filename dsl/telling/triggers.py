"""What starts a rule, in words."""

from __future__ import annotations

from dsl import plan
from dsl.messages import Message, in_a_row, say
from dsl.telling.conditions import tell_condition
from dsl.telling.lengths import tell_length
from dsl.telling.schedules import tell_schedule
from dsl.telling.values import tell_constant


def tell_trigger(trigger: plan.Trigger) -> Message:
    if isinstance(trigger, plan.ScheduleTrigger):
        return tell_schedule(trigger)
    start = _tell_start(trigger)
    if trigger.delay is None:
        return say("Starts when {what}.", what=start)
    return say("Starts {length} after this: {what}.", length=tell_length(trigger.delay), what=start)


def tell_match(match: plan.EventMatch) -> str:
    """`order_placed or subscription_renewed, where total of the event is over 5000 RUB`."""
    names = _tell_names(match)
    if match.where is None:
        return names
    return say("{event}, where {condition}", event=names, condition=tell_condition(match.where))


def _tell_names(match: plan.EventMatch) -> str:
    names: str = match.events[0]
    for name in match.events[1:]:
        names = say("{one} or {other}", one=names, other=name)
    return say("{event} with the same {name}", event=names, name=match.same) if match.same is not None else names


def _tell_start(trigger: plan.EventStart | plan.OtherStart) -> str:
    match trigger:
        case plan.EventTrigger(match=found):
            return _tell_event(found)
        case plan.SequenceTrigger(match=first, then=then):
            parts = [_tell_event(first), *map(_tell_then, then)]
            return in_a_row(", ", parts)
        case plan.TimesTrigger(match=found, times=times, within=within):
            return _tell_times(found, times, within, trigger.by)
        case plan.SegmentTrigger(segment=segment, enters=enters):
            if enters:
                return say("a customer enters the segment {segment}", segment=segment)
            return say("a customer leaves the segment {segment}", segment=segment)
        case plan.InactivityTrigger(event=event, length=length):
            return say("the last {event} is {length} ago", event=event, length=tell_length(length))
        case plan.ChangeTrigger(attribute=attribute, to=to):
            if to is None:
                return say("the customer's {name} changes", name=attribute.name)
            return say("the customer's {name} changes to {value}", name=attribute.name, value=tell_constant(to))
        case plan.DateTrigger():
            return _tell_date(trigger)
        case plan.ScheduleTrigger():
            return tell_schedule(trigger)


def _tell_event(match: plan.EventMatch) -> str:
    happens = say("{event} happens", event=_tell_names(match))
    if match.where is None:
        return happens
    return say("{event}, where {condition}", event=happens, condition=tell_condition(match.where))


def _tell_then(then: plan.Then) -> str:
    event, length = tell_match(then.match), tell_length(then.within)
    if then.negated:
        return say("then no {event} within {length}", event=event, length=length)
    return say("then {event} within {length}", event=event, length=length)


def _tell_times(match: plan.EventMatch, times: int, within: plan.Length, by: str | None) -> Message:
    event, length = tell_match(match), tell_length(within)
    if by is None:
        return say("{event} happens {n} {n:time|times} within {length}", event=event, n=times, length=length)
    return say(
        "{event} happens {n} {n:time|times} within {length} with the same {name}",
        event=event, n=times, length=length, name=by,
    )  # fmt: skip


def _tell_date(trigger: plan.DateTrigger) -> Message:
    name = trigger.attribute.name
    day: str = say("the customer's {name}", name=name)
    if trigger.attribute.repeats:
        day = say("the customer's {name}, every year", name=name)
    if trigger.offset is None:
        return say("it is {time} on this day: {day}", time=trigger.time, day=day)
    length = tell_length(trigger.offset)
    if trigger.before:
        return say("it is {time}, {length} before this day: {day}", time=trigger.time, length=length, day=day)
    return say("it is {time}, {length} after this day: {day}", time=trigger.time, length=length, day=day)
