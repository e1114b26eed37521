"""A customer and a rule, explained from what is recorded."""

from __future__ import annotations

from datetime import timedelta

from dsl import plan
from engine.flow.telling.explain_customer import Explanation, explain_customer
from engine.flow.telling.explain_rules import Overview, explain_rules
from tests.engine.flow.shop import Shop, rule, send

EMAIL = plan.IsKnown(plan.Attribute("email", "text"))
ATTRIBUTES = {"email": "text", "city": "text"}


def guarded(**more: object) -> plan.Rule:
    guard = plan.Guard(word="only if", condition=EMAIL, text="only if customer.email is known", line=2)
    return rule("cart", "cart_left", send("cart"), guards=(guard,), **more)


async def explained(shop: Shop, user: str, *, ago: timedelta | None = None) -> Explanation:
    at = shop.runtime.clock() - ago if ago is not None else None
    async with shop.runtime.database.connection() as connection:
        program = next(iter(shop.runtime.programs.by_id.values()))
        return await explain_customer(connection, program, f"u:{user}", rule="cart", at=at, partitions=shop.partitions)


async def overview(shop: Shop, user: str) -> Overview:
    async with shop.runtime.database.connection() as connection:
        program = next(iter(shop.runtime.programs.by_id.values()))
        return await explain_rules(connection, program, f"u:{user}", at=None, partitions=shop.partitions)
