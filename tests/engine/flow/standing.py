"""Segments and rules that start without an event, for tests of what is noted of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from dsl import plan
from tests.engine.flow.shop import Shop, send

TIER = plan.Attribute("tier", "text")
DAY = plan.Length(1, "day")


def is_tier(tier: str) -> plan.Expression:
    return plan.Compare(TIER, "is", plan.Constant("text", tier))


def segment(condition: plan.Expression, version: str = "1") -> plan.Segment:
    return plan.Segment(condition=condition, hash=version, file="s.rules", line=1)


def starts(name: str, trigger: plan.Trigger, *steps: plan.Step, **more: Any) -> plan.Rule:
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=steps or (send(name),), **more)


GOLD = segment(is_tier("gold"))
ENTERS = starts("welcome", plan.SegmentTrigger(segment="gold", enters=True))
LEAVES = starts("goodbye", plan.SegmentTrigger(segment="gold", enters=False))
WATCHED = {"segments": {"gold": GOLD}, "attributes": {"tier": "text"}}
RECENT = segment(plan.Happened("order_placed", DAY))
LAPSES = starts("lapsed", plan.SegmentTrigger(segment="recent", enters=False))


async def let_time_pass(shop: Shop, length: timedelta) -> None:
    """The database's clock cannot be moved: all that lies ahead or behind is as if it were so much earlier."""
    await shop.let_time_pass(length)
    await shop.execute("UPDATE appointment SET at = at - $1::interval WHERE at IS NOT NULL", length)
    await shop.execute("UPDATE event SET at = at - $1::interval", length)


async def sent(shop: Shop) -> list[str]:
    rows = await shop.fetch(
        "SELECT c.key, m.template FROM message m JOIN customer c ON c.id = m.customer ORDER BY 1, 2"
    )
    return [f"{row['key']} {row['template']}" for row in rows]


async def members(shop: Shop, name: str = "gold") -> list[str]:
    rows = await shop.fetch(
        """
        SELECT c.key FROM membership m JOIN customer c ON c.id = m.customer
        WHERE m.is_in AND m.segment = $1 ORDER BY 1
        """,
        name,
    )
    return [row["key"] for row in rows]


def imported(event: Any) -> Any:
    body = orjson.loads(orjson.dumps(event.body)) | {"historical": True}
    return event._replace(body=orjson.Fragment(orjson.dumps(body)))
