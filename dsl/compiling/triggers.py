"""Event lists, what starts a rule, and what it waits and stops for."""

from __future__ import annotations

from dataclasses import replace

from dsl import plan, syntax
from dsl.catalog import EventType
from dsl.compiling.conditions import compile_condition
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import report_unknown
from dsl.compiling.other_starts import compile_other_start
from dsl.compiling.values import compile_value
from dsl.diagnostics import Label
from dsl.event_names import find_events
from dsl.messages import say
from dsl.scope import Scope

MOST_TIMES = 1_000


def trigger_events(rule: syntax.Rule, scope: Scope) -> tuple[EventType, ...] | None:
    """What `event.` stands for in the rule; None: there is no event (D19). Unknown events are left out in silence."""
    match rule.trigger:
        case syntax.EventTrigger(events=events) | syntax.TimesTrigger(events=events):
            names = events.names
        case syntax.SequenceTrigger(first=first):
            names = first.names
        case _:
            return None
    return tuple(scope.catalog.events[name.text] for name in names if name.text in scope.catalog.events)


def compile_trigger(rule: syntax.Rule, scope: Scope) -> plan.Trigger | None:
    """None: a mistake was found, and reported."""
    delay = compile_length(rule.delay, scope) if rule.delay else None
    if rule.delay and delay is None:
        return None
    match rule.trigger:
        case syntax.EventTrigger():
            started = compile_match(rule.trigger.events, None, scope, in_run=False)
            return plan.EventTrigger(match=started, delay=delay) if started else None
        case syntax.SequenceTrigger():
            return _compile_sequence(rule.trigger, delay, scope)
        case syntax.TimesTrigger():
            return _compile_times(rule.trigger, delay, scope)
        case _:
            return compile_other_start(rule.trigger, delay, scope)


def _compile_sequence(
    trigger: syntax.SequenceTrigger, delay: plan.Length | None, scope: Scope
) -> plan.SequenceTrigger | None:
    first = compile_match(trigger.first, None, scope, in_run=False)
    parts = [_compile_then(part, scope) for part in trigger.then]
    then = tuple(part for part in parts if part is not None)
    if first is None or len(then) < len(parts):
        return None
    return plan.SequenceTrigger(match=first, then=then, delay=delay)


def _compile_then(part: syntax.SequenceStep, scope: Scope) -> plan.Then | None:
    following = compile_match(part.events, part.same, scope, in_run=False)
    within = compile_length(part.within, scope)
    if following is None or within is None:
        return None
    return plan.Then(match=following, within=within, negated=part.negated)


def _compile_times(trigger: syntax.TimesTrigger, delay: plan.Length | None, scope: Scope) -> plan.TimesTrigger | None:
    match_ = compile_match(trigger.events, trigger.same, scope, in_run=False)
    within = compile_length(trigger.within, scope)
    if not 2 <= trigger.times <= MOST_TIMES:
        scope.problems.error(
            "E328",
            say("an event cannot be counted up to {n}", n=trigger.times),
            Label(trigger.span, say("from 2 to {most} times", most=MOST_TIMES)),
            notes=[say("for the first one, leave it out: when EVENT")] if trigger.times < 2 else [],
        )
        return None
    if match_ is None or within is None:
        return None
    bare = replace(match_, same=None)
    return plan.TimesTrigger(match=bare, times=trigger.times, within=within, by=match_.same, delay=delay)


def compile_match(
    events: syntax.Events, same: syntax.Name | None, scope: Scope, *, in_run: bool
) -> plan.EventMatch | None:
    found = find_events(events.names, scope)
    if found is None:
        return None
    where = compile_condition(events.where, scope.where(found, in_run=in_run)) if events.where else None
    same_is_good = same is None or _is_shared(same, found, scope)
    if (events.where and where is None) or not same_is_good:
        return None
    names = tuple(dict.fromkeys(event.name for event in found))
    return plan.EventMatch(events=names, where=where, same=same.text if same else None)


def _is_shared(same: syntax.Name, found: tuple[EventType, ...], scope: Scope) -> bool:
    """`with same cart_id`: the run's event and the new one must both have it."""
    if scope.events is None:
        scope.problems.error(
            "E314",
            say("there is no event here"),
            Label(same.span, say("this rule does not start with an event, so there is nothing to be the same as")),
            notes=[say("leave `with same` out")],
        )
        return False
    involved = [*scope.events, *found]
    lacking = [event for event in involved if same.text not in event.properties]
    if not lacking:
        return True
    shared = set.intersection(*(set(event.properties) for event in involved))
    report_unknown(
        "E205",
        say('{lacking} has no property "{same}"', lacking=lacking[0].name, same=same.text),
        same.span,
        problems=scope.problems,
        candidates=sorted(shared),
        notes=[say("`with same` names a property that both events have")],
    )
    return False


def compile_once(clause: syntax.OncePer, scope: Scope) -> plan.OncePer | None:
    window = compile_length(clause.window, scope) if clause.window else None
    if clause.window and window is None:
        return None
    if clause.key is None or str(clause.key) == "customer":
        return plan.OncePer(window=window)
    key = _once_key(clause.key, scope)
    return plan.OncePer(key=key, window=window) if key else None


def _once_key(path: syntax.Path, scope: Scope) -> plan.Property | None:
    if path.root != "event":
        scope.problems.error(
            "E318",
            say('`once per` cannot count by "{path}"', path=path),
            Label(path.span, say("per customer is counted anyway; a key is a property of the event")),
            notes=[say("write: once per customer, once per event.…, or once per 7 days")],
        )
        return None
    value = compile_value(path, scope)
    if value is None or not isinstance(value.operand, plan.Property):
        return None
    if value.kind.is_list or value.kind.name in ("record", "money"):
        scope.problems.error(
            "E318",
            say('`once per` cannot count by "{path}"', path=path),
            Label(path.span, say("this is a {value}, not one value", value=value.kind)),
        )
        return None
    return value.operand
