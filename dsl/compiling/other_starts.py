"""What starts a rule without an event: a segment's border, a change, a date, a schedule, silence (D19)."""

from __future__ import annotations

from dataclasses import replace

from dsl import plan, syntax
from dsl.compiling.comparisons import are_comparable
from dsl.compiling.conditions import compile_condition
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import report_no_event
from dsl.compiling.misreadings import is_an_hour_after_an_event
from dsl.compiling.segments import find_segment
from dsl.compiling.values import compile_value
from dsl.diagnostics import Label
from dsl.event_names import find_event
from dsl.messages import say
from dsl.scope import Scope, Typed, described


def compile_other_start(trigger: syntax.Trigger, delay: plan.Length | None, scope: Scope) -> plan.OtherStart | None:
    """None: a mistake was found, and reported."""
    match trigger:
        case syntax.SegmentTrigger():
            segment = find_segment(trigger.segment, scope)
            return plan.SegmentTrigger(segment=segment, enters=trigger.enters, delay=delay) if segment else None
        case syntax.ChangeTrigger():
            return _change(trigger, delay, scope)
        case syntax.DateTrigger():
            return _date(trigger, delay, scope)
        case syntax.InactivityTrigger():
            event, length = find_event(trigger.event, scope), compile_length(trigger.during, scope)
            return plan.InactivityTrigger(event=event.name, length=length, delay=delay) if event and length else None
        case syntax.ScheduleTrigger():
            return _schedule(trigger, scope)
        case _:
            return None


def _attribute(path: syntax.Path, scope: Scope) -> tuple[plan.Attribute, Typed] | None:
    """Only a customer has something that changes, or a date that comes."""
    if path.root == "event":
        report_no_event(path, scope)
        return None
    value = compile_value(path, scope)
    if value is None:
        return None
    if not isinstance(value.operand, plan.Attribute):
        scope.problems.error(
            "E215",
            say('"{path}" is not an attribute of the customer', path=path),
            Label(path.span, say("write customer.…")),
        )
        return None
    return value.operand, value


def _change(trigger: syntax.ChangeTrigger, delay: plan.Length | None, scope: Scope) -> plan.ChangeTrigger | None:
    found = _attribute(trigger.path, scope)
    to = compile_value(trigger.to, scope) if trigger.to is not None else None
    if found is None or (trigger.to is not None and to is None):
        return None
    attribute, value = found
    if to is None:
        return plan.ChangeTrigger(attribute=attribute, delay=delay)
    if not are_comparable(value, to, "is", scope):
        return None
    if not isinstance(to.operand, plan.Constant):
        scope.problems.error(
            "E307",
            say("`changes to` needs a fixed value"),
            Label(to.span, say("this is different for each customer")),
            notes=[say("leave `to` out, and compare the two with `only if`")],
        )
        return None
    return plan.ChangeTrigger(attribute=attribute, to=to.operand, delay=delay)


def _date(trigger: syntax.DateTrigger, delay: plan.Length | None, scope: Scope) -> plan.DateTrigger | None:
    if is_an_hour_after_an_event(trigger, scope):
        return None
    found = _attribute(trigger.path, scope)
    offset = compile_length(trigger.offset, scope) if trigger.offset else None
    if found is None or (trigger.offset and offset is None):
        return None
    attribute, value = found
    if value.kind.name not in ("date", "moment") or value.kind.is_list:
        scope.problems.error(
            "E302",
            say("a rule can start on a date only"),
            Label(value.span, say("this is {kind}", kind=described(value.kind))),
        )
        return None
    time = trigger.at.value.isoformat("minutes")
    return plan.DateTrigger(attribute=attribute, time=time, offset=offset, before=trigger.before, delay=delay)


def _schedule(trigger: syntax.ScheduleTrigger, scope: Scope) -> plan.ScheduleTrigger | None:
    audience = compile_condition(trigger.audience, replace(scope, in_run=False)) if trigger.audience else None
    if trigger.audience is not None and audience is None:
        return None
    time = trigger.at.value.isoformat("minutes")
    match trigger.schedule:
        case syntax.Weekdays(days=days, every_weeks=every_weeks):
            return plan.ScheduleTrigger(time=time, weekdays=days, every_weeks=every_weeks, audience=audience)
        case syntax.Monthly(day=day):
            return plan.ScheduleTrigger(time=time, monthly=True, day=day, audience=audience)
        case syntax.Yearly(day=day, month=month):
            return plan.ScheduleTrigger(time=time, yearly=(month, day), audience=audience)
        case syntax.OnDate(date=date):
            return plan.ScheduleTrigger(time=time, date=date.value.isoformat(), audience=audience)
