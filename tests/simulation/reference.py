"""How often a condition must have held, by the slow reference interpreter, which shares nothing with the engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl.plan import Expression, JumpUnless, Plan
from engine.core.model import Event
from tests.engine.core.reference.interpreter import Reference
from tests.simulation.shop import plans

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it was received, by whom its customer turned out to be."""

    key: str
    event: Event
    refused: str | None  # what the customer refused with it


def judged(received: Iterable[Received], published_at: datetime | None) -> Counter[str]:
    """By customer: how often the condition of the rule "Judged" held when an event started it."""
    first, later = (_condition(plan) for plan in plans())
    past: dict[str, dict[str, list[tuple[datetime, dict[str, Any]]]]] = defaultdict(lambda: defaultdict(list))
    held: Counter[str] = Counter()
    for each in received:
        event = each.event
        past[each.key][event.name].append((event.at, dict(event.properties)))
        if event.name != "product_viewed":
            continue
        is_later = published_at is not None and published_at <= event.received_at
        reference = Reference(
            event=dict(event.properties),
            attributes={},
            past=past[each.key],
            now=event.received_at.astimezone(UTC),
            began=event.at,
            zone=_UTC,
        )
        held[each.key] += reference.holds(later if is_later else first)
    return held


def _condition(plan: Plan) -> Expression:
    [rule] = (rule for rule in plan.rules if rule.name == "Judged")
    [step] = (step for step in rule.steps if isinstance(step, JumpUnless))
    return step.condition
