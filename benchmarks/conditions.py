"""Rule evaluations per second on one core, against three rule engines on the same conditions and facts in one run;
and what 10,000 rules cost an event when 10 of them can match."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import cel
import rule_engine  # type: ignore[import-untyped]
import zen

from benchmarks.report import Figure
from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import Program, load_program
from engine.core.conditions.scope import Scope

CITIES = ("Moscow", "Kazan", "Perm", "Omsk", "Tver", "Ufa", "Sochi", "Tula")
TIERS = ("bronze", "silver", "gold")
CATEGORIES = tuple(f"category-{number}" for number in range(50))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, as each engine wants it."""

    ours: plan.Expression
    zen: str
    cel: str
    rule_engine: str


def compare(path: str, sign: str, value: float | str) -> Condition:
    text = isinstance(value, str)
    words: dict[str, plan.Comparison] = {"==": "is", "!=": "is not", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
    kind = "text" if text else "number"
    ours = plan.Compare(_operand(path, kind), words[sign], plan.Constant(kind, value))
    written = f"{path} {sign} {json.dumps(value)}"
    return Condition(ours, written, written, written)


def one_of(path: str, options: Sequence[str]) -> Condition:
    ours = plan.OneOf(_operand(path, "text"), tuple(plan.Constant("text", option) for option in options))
    written = f"{path} in {json.dumps(list(options))}"
    return Condition(ours, written, written, written)


def both(*parts: Condition) -> Condition:
    return _joined(plan.All, parts, "and", "&&")


def either(*parts: Condition) -> Condition:
    return _joined(plan.Any, parts, "or", "||")


def _joined(node: Any, parts: Sequence[Condition], word: str, sign: str) -> Condition:
    def join(texts: Iterable[str], word: str) -> str:
        return "(" + f" {word} ".join(texts) + ")"

    return Condition(
        node(tuple(part.ours for part in parts)),
        join((part.zen for part in parts), word),
        join((part.cel for part in parts), sign),
        join((part.rule_engine for part in parts), word),
    )


def _operand(path: str, kind: str) -> plan.Operand:
    owner, name = path.split(".")
    return plan.Property(name, kind) if owner == "event" else plan.Attribute(name, kind)


def make_conditions(draw: random.Random, number: int) -> list[Condition]:
    """What shops ask: amounts, ages, places, tiers, categories; alone and together."""

    def amount(path: str, sign: str, low: int, high: int) -> Condition:
        return compare(path, sign, draw.randrange(low, high))

    def word(path: str, sign: str, words: Sequence[str]) -> Condition:
        return compare(path, sign, draw.choice(words))

    makers: list[Callable[[], Condition]] = [
        lambda: amount("event.total", ">", 100, 9000),
        lambda: both(amount("event.total", ">", 100, 9000), word("customer.city", "==", CITIES)),
        lambda: both(amount("customer.age", ">=", 18, 40), amount("customer.age", "<=", 40, 70)),
        lambda: both(one_of("customer.city", draw.sample(CITIES, 3)), amount("event.items", ">", 1, 9)),
        lambda: both(word("event.category", "==", CATEGORIES), word("customer.tier", "!=", TIERS)),
        lambda: either(amount("customer.visits", "<", 1, 5), amount("event.total", ">=", 5000, 9900)),
    ]
    return [makers[index % len(makers)]() for index in range(number)]


def make_facts(draw: random.Random, number: int) -> list[dict[str, Any]]:
    return [
        {
            "event": {
                "total": draw.randrange(50, 10_000),
                "items": draw.randrange(1, 12),
                "category": draw.choice(CATEGORIES),
            },
            "customer": {
                "city": draw.choice(CITIES),
                "age": draw.randrange(16, 80),
                "tier": draw.choice(TIERS),
                "visits": draw.randrange(1, 50),
            },
        }
        for _ in range(number)
    ]


def program_of(conditions: Sequence[Condition], *, event: Callable[[int], str] = lambda _: "bought") -> Program:
    rules = tuple(
        plan.Rule(
            name=str(number),
            file="bench.rules",
            line=number,
            trigger=plan.EventTrigger(match=plan.EventMatch(events=(event(number),), where=condition.ours)),
            steps=(plan.Send(channel="email", template="x", line=number),),
        )
        for number, condition in enumerate(conditions)
    )
    return load_program(plan.Plan(rules=rules), 1, ACTIONS)


def measure(*, conditions: int = 1000, seed: int = 1) -> list[Figure]:
    draw = random.Random(seed)
    made, facts = make_conditions(draw, conditions), make_facts(draw, 200)
    expected = [_matched_by_zen(made, fact) for fact in facts[:3]]
    ours = our_matcher(program_of(made))
    assert [ours(fact) for fact in facts[:3]] == expected, "the engines disagree"
    rates = {
        "kogda": conditions * rate(ours, facts, seconds=1.0),
        "zen-engine": conditions * rate(_zen_matcher(made), facts, seconds=1.0),
        "cel": conditions * rate(_cel_matcher(made, expected, facts), facts, seconds=1.0),
        "rule-engine": conditions * rate(_rule_engine_matcher(made, expected, facts), facts, seconds=2.0),
    }
    how = f"{conditions:,} conditions over event and customer, {len(facts)} facts, one core; seed {seed}"
    figures = [
        Figure(what=f"rule evaluations/s, {name}", value=rate, unit="/s", detail=how) for name, rate in rates.items()
    ]
    return [
        *figures,
        Figure(what="against zen-engine", value=rates["kogda"] / rates["zen-engine"], unit="times", goal=50),
        Figure(what="against cel", value=rates["kogda"] / rates["cel"], unit="times"),
        Figure(what="against rule-engine", value=rates["kogda"] / rates["rule-engine"], unit="times", goal=500),
        _cost_of_many(draw, facts, by="event name"),
        _cost_of_many(draw, facts, by="equality"),
    ]


def _cost_of_many(draw: random.Random, facts: Sequence[dict[str, Any]], *, by: str) -> Figure:
    """10,000 rules of which 10 can match the event, against the 10 alone."""
    ten = make_conditions(draw, 10)
    if by == "event name":
        others = make_conditions(draw, 9_990)
        many = program_of([*ten, *others], event=lambda number: "bought" if number < 10 else f"other_{number % 500}")
        few = program_of(ten)
    else:
        ten = [both(compare("event.sku", "==", "wanted"), each) for each in ten]
        others = [
            both(compare("event.sku", "==", f"sku-{number}"), each)
            for number, each in enumerate(make_conditions(draw, 9_990))
        ]
        many, few = program_of([*ten, *others]), program_of(ten)
        facts = [{**fact, "event": {**fact["event"], "sku": "wanted"}} for fact in facts]
    ratios = [
        rate(our_matcher(few), facts, seconds=0.3) / rate(our_matcher(many), facts, seconds=0.3) for _ in range(5)
    ]
    return Figure(
        what=f"cost per event of 10,000 rules, 10 of which can match (told apart by {by}), against these 10",
        value=statistics.median(ratios),
        unit="times",
        goal=1.5,
        at_least=False,
        detail="median of 5 pairs",
    )


Matcher = Callable[[dict[str, Any]], list[int]]


def our_matcher(program: Program) -> Matcher:
    dispatch, zone = program.dispatch["bought"], ZoneInfo("UTC")

    def match(fact: dict[str, Any]) -> list[int]:
        return dispatch.matching(fact["event"], fact["customer"], Scope(now=NOW, zone=zone, seen={}))

    return match


def _matched_by_zen(conditions: Sequence[Condition], fact: dict[str, Any]) -> list[int]:
    return _zen_matcher(conditions)(fact)


def _zen_matcher(conditions: Sequence[Condition]) -> Matcher:
    compiled = [zen.compile_expression(condition.zen) for condition in conditions]
    return lambda fact: [number for number, expression in enumerate(compiled) if expression.evaluate(fact)]


def _cel_matcher(
    conditions: Sequence[Condition], expected: list[list[int]], facts: Sequence[dict[str, Any]]
) -> Matcher:
    compiled = [cel.compile(condition.cel) for condition in conditions]

    def match(fact: dict[str, Any]) -> list[int]:
        context = cel.Context(variables=fact)
        return [number for number, expression in enumerate(compiled) if expression.execute(context)]

    assert [match(fact) for fact in facts[:3]] == expected, "the engines disagree"
    return match


def _rule_engine_matcher(
    conditions: Sequence[Condition], expected: list[list[int]], facts: Sequence[dict[str, Any]]
) -> Matcher:
    compiled = [rule_engine.Rule(condition.rule_engine) for condition in conditions]

    def match(fact: dict[str, Any]) -> list[int]:
        return [number for number, rule in enumerate(compiled) if rule.matches(fact)]

    assert [match(fact) for fact in facts[:3]] == expected, "the engines disagree"
    return match


def rate(match: Matcher, facts: Sequence[dict[str, Any]], *, seconds: float) -> float:
    """Facts per second, best of three rounds: the others measure the neighbours."""
    return max(_round(match, facts, seconds / 3) for _ in range(3))


def _round(match: Matcher, facts: Sequence[dict[str, Any]], seconds: float) -> float:
    done, began = 0, time.process_time()
    while True:
        for fact in facts[:20]:
            match(fact)
        done += min(20, len(facts))
        facts = [*facts[20:], *facts[:20]]
        if (spent := time.process_time() - began) >= seconds:
            return done / spent
