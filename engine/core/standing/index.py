"""What a plan asks to be watched for each customer, found by what can touch it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from dsl import plan
from dsl.codec import canonical, node_json
from engine.core.conditions.expressions import Test, test_of
from engine.core.model import Errand
from engine.core.standing.instants import Turn, turn_of
from engine.core.standing.reads import Reads, gate_of, reads_of

if TYPE_CHECKING:
    from engine.core.conditions.program import RuleCode

K = TypeVar("K")
V = TypeVar("V")

#: Errand and name of the rule.
WakeKey: TypeAlias = tuple[Errand, str]
#: Of the one appointment for all segments of a customer.
LOOK: WakeKey = ("segment", "")

#: Why an appointment is made: for the first time or by another definition; because what it counts from has changed;
#: because the customer's clock has.
Why: TypeAlias = Literal["made", "changed", "moved"]
WHYS: tuple[Why, ...] = ("made", "changed", "moved")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentCode:
    name: str
    definition: str  # tells definitions apart (S14)
    condition: plan.Expression
    holds: Test
    reads: Reads
    turn: Turn | None  # when time alone could change it; None: never
    gate: Test | None  # what it asks of attributes alone: unless it holds, time changes nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wake:
    """A rule that a customer has an appointment for."""

    key: WakeKey
    definition: str  # another one makes another appointment
    rule: RuleCode
    watches: frozenset[str] = frozenset()  # attributes that move it; a time zone moves everything


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    segments: Mapping[str, SegmentCode]
    by_event: Mapping[str, tuple[SegmentCode, ...]]  # segments that read the event
    borders: Mapping[tuple[str, bool], tuple[RuleCode, ...]]  # rules by segment and whether it is entered
    changes: tuple[tuple[RuleCode, plan.ChangeTrigger, Test | None], ...]
    wakes: Mapping[WakeKey, Wake]
    sliding: tuple[SegmentCode, ...]  # segments that time alone can change
    silences: Mapping[str, tuple[WakeKey, ...]]  # by the event that must not come
    audiences: Mapping[str, Test]  # by rule; without one it is everyone
    asked: Mapping[str, str]  # rules that a member may be started in when somebody asks for it, with their definitions

    @property
    def events(self) -> frozenset[str]:
        """Names of events that may change something here."""
        return frozenset(self.by_event) | frozenset(self.silences)


def segment_codes(plan_: plan.Plan) -> dict[str, SegmentCode]:
    """By the customer's clock, whatever rule asks: a segment is the same for all."""
    return {
        name: SegmentCode(
            name=name,
            definition=segment.hash,
            condition=segment.condition,
            holds=test_of(segment.condition, plan_.currency, zone=None),
            reads=reads_of(segment.condition, plan_.segments),
            turn=turn_of(segment.condition, plan_.segments),
            gate=test_of(gate, plan_.currency, zone=None)
            if (gate := gate_of(segment.condition, plan_.segments)) is not None
            else None,
        )
        for name, segment in sorted(plan_.segments.items())
    }


def build_standing(
    plan_: plan.Plan, rules: tuple[RuleCode, ...], segments: Mapping[str, SegmentCode]
) -> Standing | None:
    """None: the plan has nothing of the kind."""
    others = [code for code in rules if plan.starting_match(code.rule.trigger) is None]
    if not (others or segments):
        return None
    triggers = [(code, code.rule.trigger) for code in others]
    return Standing(
        segments=segments,
        by_event=_grouped((name, code) for code in segments.values() for name in sorted(code.reads.events)),
        borders=_grouped(
            ((trigger.segment, trigger.enters), code)
            for code, trigger in triggers
            if isinstance(trigger, plan.SegmentTrigger)
        ),
        changes=tuple(
            (code, trigger, _becomes(trigger, plan_))
            for code, trigger in triggers
            if isinstance(trigger, plan.ChangeTrigger)
        ),
        wakes={wake.key: wake for wake in _of_rules(others, plan_)},
        sliding=tuple(code for code in segments.values() if code.reads.follows_time),
        silences=_grouped(
            (trigger.event, ("inactivity", code.rule.name))
            for code, trigger in triggers
            if isinstance(trigger, plan.InactivityTrigger)
        ),
        audiences={
            code.rule.name: test_of(trigger.audience, plan_.currency, zone=code.zone)
            for code, trigger in triggers
            if isinstance(trigger, plan.ScheduleTrigger) and trigger.audience is not None
        },
        asked={
            code.rule.name: segments[trigger.segment].definition
            for code, trigger in triggers
            if isinstance(trigger, plan.SegmentTrigger) and trigger.enters and trigger.segment in segments
        },
    )


def standing_digest(plan_: plan.Plan) -> str:
    """Equal for plans that ask for the same to be watched; "" when there is nothing to watch."""
    segments: dict[str, plan.JSON] = {name: segment.hash for name, segment in plan_.segments.items()}
    rules: dict[str, plan.JSON] = {
        rule.name: [node_json(rule.trigger), rule.timezone]
        for rule in plan_.rules
        if isinstance(rule.trigger, plan.DateTrigger | plan.InactivityTrigger | plan.ScheduleTrigger)
    }
    if not (segments or rules):
        return ""
    facts: dict[str, plan.JSON] = {"zone": plan_.timezone, "leap_day": plan_.leap_day}
    return _short([segments, rules, facts])


def expressions_asked(plan_: plan.Plan) -> Iterator[plan.Expression]:
    """Conditions that are asked outside of runs: segments and audiences."""
    for segment in plan_.segments.values():
        yield segment.condition
    for rule in plan_.rules:
        if isinstance(rule.trigger, plan.ScheduleTrigger) and rule.trigger.audience is not None:
            yield rule.trigger.audience


def looked_up(plan_: plan.Plan) -> frozenset[str]:
    """Events whose newest time is asked for outside of runs."""
    asked = (reads_of(expression, plan_.segments).events for expression in expressions_asked(plan_))
    silent = {rule.trigger.event for rule in plan_.rules if isinstance(rule.trigger, plan.InactivityTrigger)}
    return frozenset(silent).union(*asked)


_ERRANDS: Mapping[type, Errand] = {
    plan.DateTrigger: "date",
    plan.InactivityTrigger: "inactivity",
    plan.ScheduleTrigger: "schedule",
}


def _of_rules(rules: list[RuleCode], plan_: plan.Plan) -> Iterator[Wake]:
    for code in rules:
        trigger = code.rule.trigger
        errand = _ERRANDS.get(type(trigger))
        if errand is None:
            continue
        facts: list[plan.JSON] = [code.rule.timezone, plan_.timezone, plan_.leap_day]
        watches = (
            frozenset({trigger.attribute.name.partition(".")[0]}) if isinstance(trigger, plan.DateTrigger) else None
        )
        yield Wake(
            key=(errand, code.rule.name),
            definition=_short([_moments(trigger), facts]),
            rule=code,
            watches=watches or frozenset(),
        )


def _moments(trigger: plan.Trigger) -> plan.JSON:
    """What of a trigger says when: another audience or delay leaves the appointment as it is."""
    encoded = node_json(trigger)
    assert isinstance(encoded, dict)
    return {name: value for name, value in encoded.items() if name not in ("audience", "delay")}


def _becomes(trigger: plan.ChangeTrigger, plan_: plan.Plan) -> Test | None:
    if trigger.to is None:
        return None
    return test_of(plan.Compare(trigger.attribute, "is", trigger.to), plan_.currency, zone=None)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}


def _short(value: plan.JSON) -> str:
    return blake2b(canonical(value).encode(), digest_size=8).hexdigest()
