"""A plan made ready to run: its conditions as functions, its rules findable by event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dsl import plan
from dsl.compiling.double_opt_in import mails_asking
from engine.core import calendar
from engine.core.conditions.dispatch import Dispatch, Entry, build_dispatch
from engine.core.conditions.expressions import Test, test_of
from engine.core.conditions.needs import PlanNeeds, cancelling, needs_of
from engine.core.delivery.bounces import bounce_events
from engine.core.delivery.limits import Limits, Policy, limits_of, policy_of
from engine.core.runs.deeds import Actions
from engine.core.standing.index import SegmentCode, Standing, build_standing, segment_codes

_UTC = ZoneInfo("UTC")
_START, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


#: The order in which rules act, also across rule sets: priority, file, line (S24).
Order: TypeAlias = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class MatchCode:
    """An `EventMatch` whose condition is a function."""

    events: frozenset[str]
    where: Test | None
    same: str | None


@dataclass(frozen=True, slots=True)
class StopCode:
    match: MatchCode
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class GuardCode:
    """A guard as what must hold: `unless` is turned round."""

    holds: Test
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCode:
    """One rule, ready to run."""

    rule: plan.Rule
    number: int  # its place in the order in which rules act
    trigger: MatchCode | None  # None: it starts without an event
    guards: tuple[GuardCode, ...]
    stops: tuple[StopCode, ...]
    goal: MatchCode | None
    parts: tuple[MatchCode, ...]  # of a sequence, after its first event
    tests: Mapping[int, Test]  # of the steps that have a condition, by index
    waits_for: Mapping[int, MatchCode]
    last_sends: frozenset[int]  # sends that nothing follows and nothing could still stop
    sends: bool  # whether the rule sends anything at all
    zone: ZoneInfo | None  # the rule's own
    workspace_zone: ZoneInfo
    limits: Limits
    active_from: datetime
    active_until: datetime  # exclusive

    concerned_by: frozenset[str]  # events that may stop, move or measure a run
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A rule set, ready to run. Build it with `load_program`."""

    rule_set: int
    plan: plan.Plan
    rules: tuple[RuleCode, ...]
    by_name: Mapping[str, RuleCode]
    dispatch: Mapping[str, Dispatch]  # by event name
    reads: frozenset[str]  # names of events of which anything here may ask when the newest was
    needs: PlanNeeds  # what of the history must be among them
    remembers: frozenset[str]  # names of events whose past anything here may look at
    counts: bool  # whether any rule counts how often an event happens
    zone: ZoneInfo
    policy: Policy
    limited: Mapping[str, int]  # rules with `only first … customers`, and how many
    chooses: bool  # some message goes to the best of several channels
    asking_mails: Mapping[str, str]  # by channel or topic that needs a confirmation: the template that asks
    actions: Actions
    segments: Mapping[str, SegmentCode]
    standing: Standing | None  # None: nothing is to be watched outside of runs


def load_program(plan_: plan.Plan, rule_set: int, actions: Actions) -> Program:
    """Compile every expression of a plan, once. `actions` is `engine.actions.ACTIONS`."""
    zone = calendar.zone_named(plan_.timezone) or _UTC
    rules = tuple(_rule_code(rule, number, plan_, zone) for number, rule in enumerate(plan_.rules))
    segments = segment_codes(plan_)
    needs = needs_of(plan_)
    return Program(
        rule_set=rule_set,
        plan=plan_,
        rules=rules,
        by_name={code.rule.name: code for code in rules},
        dispatch=_dispatches(rules, plan_),
        reads=needs.newest,
        needs=needs,
        remembers=needs.names,
        counts=any(isinstance(rule.trigger, plan.TimesTrigger) for rule in plan_.rules),
        zone=zone,
        policy=policy_of(plan_),
        limited={rule.name: rule.first_customers for rule in plan_.rules if rule.first_customers is not None},
        chooses=any(_chooses(step) for rule in plan_.rules for step in rule.steps),
        actions=actions,
        asking_mails=mails_asking(plan_),
        segments=segments,
        standing=build_standing(plan_, rules, segments),
    )


def _rule_code(rule: plan.Rule, number: int, plan_: plan.Plan, workspace_zone: ZoneInfo) -> RuleCode:
    zone = calendar.zone_named(rule.timezone)
    starts = plan.starting_match(rule.trigger)

    def test(expression: plan.Expression) -> Test:
        return test_of(expression, plan_.currency, zone=zone)

    def match(event_match: plan.EventMatch) -> MatchCode:
        where = test(event_match.where) if event_match.where is not None else None
        return MatchCode(frozenset(event_match.events), where, event_match.same)

    steps = dict(enumerate(rule.steps))
    return RuleCode(
        rule=rule,
        number=number,
        trigger=match(starts) if starts else None,
        guards=tuple(GuardCode(test(_as_must(guard)), guard.text, guard.line) for guard in rule.guards),
        stops=tuple(StopCode(match(stop.match), stop.text, stop.line) for stop in rule.stops),
        goal=match(rule.goal.match) if rule.goal else None,
        parts=tuple(match(part.match) for part in _parts(rule)),
        tests={
            index: test(condition) for index, step in steps.items() if (condition := _condition_of(step)) is not None
        },
        waits_for={index: match(step.match) for index, step in steps.items() if isinstance(step, plan.WaitFor)},
        last_sends=frozenset() if any(_stopping_events(rule, plan_)) else _last_sends(rule),
        sends=any(isinstance(step, plan.Send) for step in rule.steps),
        zone=zone,
        workspace_zone=workspace_zone,
        limits=limits_of(rule),
        active_from=_midnight(rule.active_from, workspace_zone) if rule.active_from else _START,
        active_until=_midnight(rule.active_until, workspace_zone, after=1) if rule.active_until else _END,
        concerned_by=frozenset(_events_that_concern(rule, plan_)),
        order=(-rule.priority, rule.file, rule.line, rule.name),
    )


def _parts(rule: plan.Rule) -> tuple[plan.Then, ...]:
    return rule.trigger.then if isinstance(rule.trigger, plan.SequenceTrigger) else ()


def _chooses(step: plan.Step) -> bool:
    return isinstance(step, plan.Send) and bool(step.best_of or any(way.best_of for way in step.fallbacks))


def _last_sends(rule: plan.Rule) -> frozenset[int]:
    return frozenset(
        index for index, step in enumerate(rule.steps) if isinstance(step, plan.Send) and _ends_at(rule, index + 1)
    )


def _as_must(guard: plan.Guard) -> plan.Expression:
    return guard.condition if guard.word == "only if" else plan.Not(guard.condition)


def _condition_of(step: plan.Step) -> plan.Expression | None:
    if isinstance(step, plan.Send):
        return step.unless
    return step.condition if isinstance(step, plan.JumpUnless) else None


def _ends_at(rule: plan.Rule, index: int) -> bool:
    """Whether a run that comes to a step has nothing left to do."""
    while index < len(rule.steps):
        step = rule.steps[index]
        if isinstance(step, plan.Exit):
            return True
        if not isinstance(step, plan.Jump):
            return False
        index = step.at
    return True


def _midnight(day: str, zone: ZoneInfo, *, after: int = 0) -> datetime:
    start = datetime.combine(date.fromisoformat(day) + timedelta(days=after), datetime.min.time())
    return calendar.resolve(start, zone)


def _dispatches(rules: tuple[RuleCode, ...], plan_: plan.Plan) -> dict[str, Dispatch]:
    entries: dict[str, list[Entry]] = {}
    for code in rules:
        starts = plan.starting_match(code.rule.trigger)
        if starts is None:
            continue
        where = starts.where
        # Guards of a sequence or a count are asked when it is complete: the event at hand may be long before that.
        is_complete = isinstance(code.rule.trigger, plan.EventTrigger)
        guards = tuple(_as_must(guard) for guard in code.rule.guards) if is_complete else ()
        entry = Entry(code.number, guards if where is None else (where, *guards), code.zone)
        for name in dict.fromkeys(starts.events):
            entries.setdefault(name, []).append(entry)
    return {name: build_dispatch(listed, plan_.currency) for name, listed in entries.items()}


def _stopping_events(rule: plan.Rule, plan_: plan.Plan) -> Iterator[str]:
    for stop in rule.stops:
        yield from stop.match.events
    yield from cancelling(rule, plan_)


def _events_that_concern(rule: plan.Rule, plan_: plan.Plan) -> Iterator[str]:
    yield from bounce_events(rule)
    yield from _stopping_events(rule, plan_)
    if rule.goal is not None:
        yield from rule.goal.match.events
    for step in rule.steps:
        if isinstance(step, plan.WaitFor):
            yield from step.match.events
    for part in _parts(rule):
        yield from part.match.events
