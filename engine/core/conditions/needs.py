"""Which part of a customer's history the rules of a plan look at, so that no more of it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, reduce
from typing import Any, TypeAlias

from dsl import plan

_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_678_400,
    "year": 31_622_400,
}
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestNeed:
    """How far back the time of the newest event matters. An older one is as good as none."""

    window: plan.Length | None = None  # to `… in last D`
    runs: bool = False  # to runs, since they began
    ever: bool = False  # to silences, and the days since

    def and_also(self, other: NewestNeed) -> NewestNeed:
        windows = [each for each in (self.window, other.window) if each is not None]
        return NewestNeed(
            window=max(windows, key=_seconds, default=None),
            runs=self.runs or other.runs,
            ever=self.ever or other.ever,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNeed:
    """What is read of one event's past: those of the window, if any are counted, the newest one for `last`, and when
    the newest one was."""

    window: plan.Length | None = None  # None: as far back as history goes
    properties: frozenset[str] = _NONE  # first parts of their names
    counts: bool = True
    last: bool = False
    newest: NewestNeed | None = None

    @property
    def is_remembered(self) -> bool:
        """Whether more than the time of the newest one is looked at."""
        return self.counts or self.last

    @property
    def is_endless(self) -> bool:
        """Whether what is looked at may be however old."""
        is_counted_ever = self.counts and self.window is None
        return is_counted_ever or self.last or (self.newest is not None and self.newest.ever)

    def and_also(self, other: HistoryNeed) -> HistoryNeed:
        newest = [each.newest for each in (self, other) if each.newest is not None]
        return HistoryNeed(
            window=_longer(self, other),
            properties=self.properties | other.properties,
            counts=self.counts or other.counts,
            last=self.last or other.last,
            newest=reduce(NewestNeed.and_also, newest) if newest else None,
        )


#: By event name.
Needs: TypeAlias = Mapping[str, HistoryNeed]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNeeds:
    """The needs of a plan, by what makes its rules look."""

    all: Needs = field(default_factory=dict)
    by_event: Mapping[str, Needs] = field(default_factory=dict)  # of the rules that it may start, directly or not
    by_rule: Mapping[str, Needs] = field(default_factory=dict)  # of its runs, and of what they may start
    by_goal: Mapping[str, Needs] = field(default_factory=dict)  # of a rule's runs that have ended, before their goal
    standing: Needs = field(default_factory=dict)  # of segments, and of rules that start without an event
    emits: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by rule: events that may start further ones
    #: By the event that starts: the events, with the properties looked at, that may have come before it with a later
    #: time of their own: they stop it or belong to its sequence.
    overtaking: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @property
    def told(self) -> frozenset[str]:
        """Events that must come with their properties: they are looked at when they are past."""
        return frozenset(name for name, need in self.all.items() if need.properties).union(*self.overtaking.values())

    @property
    def names(self) -> frozenset[str]:
        """Events whose past anything may look at."""
        return frozenset(name for name, need in self.all.items() if need.is_remembered).union(*self.overtaking.values())

    @property
    def newest(self) -> frozenset[str]:
        """Events of which anything may ask when the newest was."""
        return frozenset(name for name, need in self.all.items() if need.newest is not None)


def merged(needs: Iterable[Needs]) -> dict[str, HistoryNeed]:
    found: dict[str, HistoryNeed] = {}
    for each in needs:
        for name, need in each.items():
            known = found.get(name)
            found[name] = need if known is None else known.and_also(need)
    return found


def needs_of(plan_: plan.Plan) -> PlanNeeds:
    own = {rule.name: _needs_of_rule(rule, plan_) for rule in plan_.rules}
    started: dict[str, list[plan.Rule]] = {}
    for rule in plan_.rules:
        match = plan.starting_match(rule.trigger)
        for name in match.events if match is not None else ():
            started.setdefault(name, []).append(rule)
    segments = [_needs_of_node(segment.condition, plan_) for segment in plan_.segments.values()]
    everything = merged([*own.values(), *segments])
    by_rule = (
        {rule.name: merged(own[each] for each in _reach(rule, started)) for rule in plan_.rules} if everything else {}
    )
    unasked = [by_rule.get(rule.name, {}) for rule in plan_.rules if plan.starting_match(rule.trigger) is None]
    return PlanNeeds(
        all=everything,
        by_event={
            name: needs
            for name, rules in started.items()
            if (needs := merged(by_rule.get(rule.name, {}) for rule in rules))
        },
        by_rule={name: needs for name, needs in by_rule.items() if needs},
        by_goal={rule.name: needs for rule in plan_.rules if (needs := _needs_of_node(rule.goal, plan_))},
        standing=merged([*segments, *unasked]),
        emits={rule.name: frozenset(_emitted(rule)) for rule in plan_.rules},
        overtaking={name: names for name, rules in started.items() if (names := _overtaking(name, rules, plan_))},
    )


def _reach(rule: plan.Rule, started: Mapping[str, list[plan.Rule]]) -> set[str]:
    """The rule, and all that may start because of what it emits."""
    found: dict[str, plan.Rule] = {}
    waiting = [rule]
    while waiting:
        each = waiting.pop()
        if each.name in found:
            continue
        found[each.name] = each
        for event in _emitted(each):
            waiting += started.get(event, ())
    return set(found)


def _emitted(rule: plan.Rule) -> Iterator[str]:
    yield from (step.event for step in rule.steps if isinstance(step, plan.Emit))


def _needs_of_rule(rule: plan.Rule, plan_: plan.Plan) -> dict[str, HistoryNeed]:
    needs = [_needs_of_node(rule, plan_)]
    trigger = rule.trigger
    if isinstance(trigger, plan.TimesTrigger):
        looked_at = _read_by_match(trigger.match) | ({_first(trigger.by)} if trigger.by else set())
        need = HistoryNeed(window=trigger.within, properties=looked_at)
        needs.append(dict.fromkeys(trigger.match.events, need))
    if isinstance(trigger, plan.InactivityTrigger):
        needs.append({trigger.event: _newest(ever=True)})
    needs.append(dict.fromkeys(_ending_or_next(rule, plan_), _newest(runs=True)))
    return merged(needs)


def _ending_or_next(rule: plan.Rule, plan_: plan.Plan) -> Iterator[str]:
    """Events that end a run, or bring it on, though they were decided before it began."""
    for match in _later_matches(rule):
        yield from match.events
    yield from cancelling(rule, plan_)


def cancelling(rule: plan.Rule, plan_: plan.Plan) -> Iterator[str]:
    """`cancelled_by`, of the events that start the rule."""
    starts = plan.starting_match(rule.trigger)
    for event in starts.events if starts else ():
        if event in plan_.events:
            yield from plan_.events[event].cancelled_by


def _newest(window: plan.Length | None = None, *, runs: bool = False, ever: bool = False) -> HistoryNeed:
    return HistoryNeed(counts=False, newest=NewestNeed(window=window, runs=runs, ever=ever))


def _needs_of_node(node: object, plan_: plan.Plan, within: frozenset[str] = _NONE) -> dict[str, HistoryNeed]:
    """Of a condition, a step, a rule; `within` are segments that are being looked into already."""
    needs: list[Needs] = []
    for each in nodes_of(node, (plan.Tally, plan.LastValue, plan.Happened, plan.DaysSince, plan.InSegment)):
        if isinstance(each, plan.Tally):
            read = properties_of(each.where) | _names_of(each.property, each.kind)
            needs.append({each.event: HistoryNeed(window=each.within, properties=read)})
        elif isinstance(each, plan.LastValue):
            read = _names_of(each.property, each.kind)
            needs.append({each.event: HistoryNeed(properties=read, counts=False, last=True)})
        elif isinstance(each, plan.Happened):
            needs.append({each.event: _newest(each.within, runs=each.within is None)})
        elif isinstance(each, plan.DaysSince):
            needs.append({each.event: _newest(ever=True)})
        elif isinstance(each, plan.InSegment) and each.segment in plan_.segments and each.segment not in within:
            condition = plan_.segments[each.segment].condition
            needs.append(_needs_of_node(condition, plan_, within | {each.segment}))
    return merged(needs)


def _overtaking(event: str, rules: Iterable[plan.Rule], plan_: plan.Plan) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for match in (match for rule in rules for match in _later_matches(rule)):
        for name in match.events:
            found[name] = found.get(name, _NONE) | _read_by_match(match)
    facts = plan_.events.get(event)
    for name in facts.cancelled_by if facts is not None else ():
        found[name] = found.get(name, _NONE) | _names_of(facts.key if facts is not None else None, "text")
    return found


def _later_matches(rule: plan.Rule) -> Iterator[plan.EventMatch]:
    yield from (stop.match for stop in rule.stops)
    if isinstance(rule.trigger, plan.SequenceTrigger):
        yield from (part.match for part in rule.trigger.then)


def _read_by_match(match: plan.EventMatch) -> frozenset[str]:
    return properties_of(match.where) | _names_of(match.same, "text")


def properties_of(where: object) -> frozenset[str]:
    """What a condition reads of the event in its scope; not what its own tallies read of theirs."""
    found: frozenset[str] = _NONE
    for each in nodes_of(where, (plan.Property, plan.Tally)):
        if isinstance(each, plan.Property) and not each.outside:
            found |= _names_of(each.name, each.kind)
    return found


def _names_of(name: str | None, kind: str) -> frozenset[str]:
    if name is None:
        return _NONE
    return frozenset((_first(name), "currency") if kind.endswith("money") else (_first(name),))


def _first(name: str) -> str:
    return name.partition(".")[0]


def nodes_of(tree: Any, wanted: tuple[type, ...]) -> Iterator[Any]:
    """All nodes of these classes. Who asks for properties does not mean those that tallies read of other events."""
    waiting: list[Any] = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting.extend(each)
            continue
        if isinstance(each, wanted):
            yield each
            if isinstance(each, plan.Tally) and plan.Property in wanted:
                continue
        if is_dataclass(each) and not isinstance(each, type):
            waiting.extend(getattr(each, name) for name in _fields(type(each)))


@cache
def _fields(cls: type) -> tuple[str, ...]:
    """Those that may hold nodes."""
    plain = ("str", "int", "bool", "JSON", "Unit", "Length", "OneWord", "Comparison")
    return tuple(each.name for each in fields(cls) if not str(each.type).startswith(plain))


def _longer(one: HistoryNeed, other: HistoryNeed) -> plan.Length | None:
    windows = [each.window for each in (one, other) if each.counts]
    if not windows or None in windows:
        return None
    return max((each for each in windows if each is not None), key=_seconds)


def _seconds(length: plan.Length) -> int:
    """To compare lengths by; a month has 31 days."""
    return length.amount * _SECONDS[length.unit]
