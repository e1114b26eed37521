"""One step of a rule in words."""

from __future__ import annotations

from collections.abc import Iterable

from dsl import plan
from dsl.messages import in_a_row, say
from dsl.telling.conditions import tell_condition
from dsl.telling.lengths import tell_length
from dsl.telling.schedules import tell_weekday
from dsl.telling.triggers import tell_match
from dsl.telling.values import tell_value


def tell_deed(step: plan.Step) -> str:
    """Raises TypeError for the steps that steer: `dsl.telling.steps` tells those."""
    match step:
        case plan.Send():
            return _tell_send(step)
        case plan.Wait(length=length):
            return say("Wait {length}.", length=tell_length(length))
        case plan.WaitUntil():
            return _tell_wait_until(step)
        case plan.WaitFor(match=match_, up_to=up_to):
            return say("Wait for {event}, but {length} at most.", event=tell_match(match_), length=tell_length(up_to))
        case plan.Emit(event=event, properties=properties):
            return _with(say("Report the event {event}", event=event), properties)
        case plan.Call(target=target, properties=properties):
            return _with(say('Call the system "{target}"', target=target), properties)
        case plan.Notify(group=group, message=message):
            return say('Tell the staff group "{group}": "{message}".', group=group, message=message)
        case plan.Exit():
            return say("End the run.")
        case _:
            return _tell_change(step)


def _tell_change(step: plan.Step) -> str:
    match step:
        case plan.SetAttribute(name=name, value=value):
            return say("Set the customer's {name} to {value}.", name=name, value=tell_value(value))
        case plan.ChangeNumber(name=name, by=by, sign=1):
            return say("Increase the customer's {name} by {value}.", name=name, value=tell_value(by))
        case plan.ChangeNumber(name=name, by=by):
            return say("Decrease the customer's {name} by {value}.", name=name, value=tell_value(by))
        case plan.SetTag(tag=tag, add=True):
            return say('Add the tag "{tag}".', tag=tag)
        case plan.SetTag(tag=tag):
            return say('Remove the tag "{tag}".', tag=tag)
        case plan.Points():
            return _tell_points(step)
        case plan.IssuePromo(pool=pool, valid=None):
            return say('Issue a promo code of "{pool}".', pool=pool)
        case plan.IssuePromo(pool=pool, valid=plan.Length() as valid):
            return say('Issue a promo code of "{pool}", valid for {length}.', pool=pool, length=tell_length(valid))
        case _:
            raise TypeError(f"{type(step).__name__} is no deed")


def _tell_points(step: plan.Points) -> str:
    n = step.amount
    if step.per is not None and step.of is not None:
        per, of = tell_value(step.per), tell_value(step.of)
        return say("Add {n} {n:point|points} for each full {per} of {of}.", n=n, per=per, of=of)
    if step.add:
        return say("Add {n} {n:point|points}.", n=n)
    return say("Take {n} {n:point|points} away.", n=n)


def _tell_send(step: plan.Send) -> str:
    if step.best_of:
        channels = ", ".join(step.best_of)
        first: str = say('Send "{name}" by the best of these channels: {all}', name=step.template, all=channels)
    elif step.channel == "best":
        first = say('Send "{name}" by the best channel', name=step.template)
    else:
        first = say('Send the {channel} "{name}"', channel=step.channel, name=step.template)
    sentences = [in_a_row("", [_with_values(first, step.variables), "."])]
    for way in step.fallbacks:
        sentences.append(
            say('If that cannot be delivered: {channel} "{name}".', channel=_channel(way), name=way.template)
        )
    if step.unless is not None:
        sentences.append(say("Skipped if {condition}.", condition=tell_condition(step.unless)))
    return in_a_row(" ", sentences)


def _channel(way: plan.Recipient) -> str:
    if way.channel is not None:
        return way.channel
    return say("the best of {all}", all=", ".join(way.best_of)) if way.best_of else say("the best channel")


def _with(head: str, properties: Iterable[tuple[str, plan.Operand]]) -> str:
    return in_a_row("", [_with_values(head, properties), "."])


def _with_values(head: str, properties: Iterable[tuple[str, plan.Operand]]) -> str:
    pairs = [in_a_row("", [name, " = ", tell_value(value)]) for name, value in properties]
    return say("{what} with {values}", what=head, values=in_a_row(", ", pairs)) if pairs else head


def _tell_wait_until(step: plan.WaitUntil) -> str:
    match step.mode:
        case "clock":
            return _tell_clock(step)
        case "date":
            time = step.time or "00:00"
            return say("Wait until {date}, {time}.", date=step.date, time=time)
        case "moment":
            return _tell_moment(step)


def _tell_clock(step: plan.WaitUntil) -> str:
    if step.tomorrow:
        return say("Wait until {time} tomorrow.", time=step.time)
    if step.weekdays:
        days = in_a_row(", ", [tell_weekday(number) for number in step.weekdays])
        return say("Wait until the next {time} that comes {days}.", time=step.time, days=days)
    return say("Wait until the next {time}.", time=step.time)


def _tell_moment(step: plan.WaitUntil) -> str:
    base = tell_value(step.base) if step.base is not None else say("the start of the run")
    moment: str = base
    if step.offset is not None:
        length = tell_length(step.offset)
        if step.base is None and not step.before:
            moment = say("{length} after the run began", length=length)
        elif step.before:
            moment = say("{length} before this: {moment}", length=length, moment=base)
        else:
            moment = say("{length} after this: {moment}", length=length, moment=base)
    if step.time is not None:
        moment = say("{moment}, at {time}", moment=moment, time=step.time)
    if step.or_now:
        return say("Wait until {moment}; go on at once if that is past.", moment=moment)
    return say("Wait until {moment}; the run ends if that is past.", moment=moment)
