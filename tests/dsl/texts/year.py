"""A year in the shop, so that every rule of the texts gets its moment."""

from __future__ import annotations

from datetime import timedelta

from dsl.plan import JSON, Plan, ScheduleTrigger
from engine.testing.virtual.world import World

ANNA: dict[str, JSON] = {
    "email": "anna@example.com", "phone": "+4930000000", "first_name": "Anna", "city": "Kazan", "age": 34,
    "birthday": "1992-06-15", "wedding": "2015-07-20", "trial_ends": "2026-04-10", "registered_at": "2025-11-01",
    "last_visit": "2026-02-20T10:00:00Z", "tier": "bronze", "stage": "reader", "visits": 3,
    "balance": {"amount": "500", "currency": "RUB"}, "interests": ["books", "deals"], "subscribed": True,
    "blocked": False,
}  # fmt: skip
BORIS: dict[str, JSON] = {"email": "boris@example.com", "age": 17, "city": "Казань", "interests": [], "blocked": True}
VERA: dict[str, JSON] = {**ANNA, "email": "vera@example.com", "city": "Moscow", "stage": "warm", "subscribed": False}
GALYA: dict[str, JSON] = {"email": "galya@example.com", "age": 50}
PEOPLE = {"anna": ANNA, "boris": BORIS, "vera": VERA, "galya": GALYA}

Did = tuple[str, dict[str, JSON]]


def live_through(plan: Plan) -> World:
    """Raises when a rule fails. What comes every week is not waited for all year long."""
    world = World(plan, now="2026-02-20 09:00")
    for who, traits in PEOPLE.items():
        world.meet(who, **traits)
    if any(isinstance(rule.trigger, ScheduleTrigger) and not _is_rare(rule.trigger) for rule in plan.rules):
        for number in (1, 2):
            world.event("order_placed", {**_order("anna", 2), "order_id": f"o-{number}"}, of="anna")
        return world.finish(recurring_until=world.moment("2026-04-02 12:00"))
    for month, day in ((2, 23), (11, 9)):
        world.at(f"2026-{month:02}-{day:02} 10:00")
        _spend_some_weeks(world, month)
    return world.finish(recurring_until=world.moment("2027-03-10 12:00"))


def _is_rare(trigger: ScheduleTrigger) -> bool:
    return trigger.date is not None or trigger.yearly is not None


def _spend_some_weeks(world: World, month: int) -> None:
    did = {who: _weeks_of(who, month) for who in PEOPLE}
    for step in range(max(map(len, did.values()))):
        for who in PEOPLE:
            for name, properties in did[who][step : step + 1]:
                world.event(name, properties, of=who)
        world.plus(timedelta(minutes=20) if step < 12 else timedelta(hours=5))
    world.learn({"tier": "gold" if month == 2 else "silver", "city": f"City {month}"}, of="anna")
    world.learn({"subscribed": True}, of="vera")
    world.plus(timedelta(days=35))
    for who in PEOPLE:
        world.event(*did[who][-1], of=who)


def _weeks_of(who: str, month: int) -> list[Did]:
    """Anna orders thrice, Vera and Galya once; Boris looks, books and complains."""
    order, cart = f"o-{who}-{month}", f"c-{who}-{month}"
    bought = _order(who, month)
    visit = _visit(who, month)
    everything = {**bought, **visit, "product_id": "p-1", "coupon": "NY"}
    did: list[Did] = [("registered", {"source": "fair" if who == "boris" else "friend"})]
    did += [("product_viewed", {"product_id": "p-1", "category": "tea", "price": _rub("300")})] * 6
    did += [(name, {**bought, "cart_id": cart}) for name in ("cart_updated", "cart_abandoned", "checkout_started")]
    did += [("a", everything), ("visit_booked", visit), ("payment_failed", bought), ("survey_answered", {"score": 1})]
    if who != "boris":
        did += [("order_placed", bought), ("order_paid", bought), ("subscription_renewed", {**bought, "kind": "auto"})]
    if who == "anna":
        did += [("order_placed", {**bought, "order_id": f"{order}-{number}", "number": number}) for number in (2, 3)]
    did += [("order_delivered", {"order_id": order, "first_item": "tea"})]
    did += [("review_left", {"order_id": f"{order}-9", "rating": 1 if who == "boris" else 5})]
    did += [(name, {"order_id": order, "cart_id": cart}) for name in ("b", "c", "cart_reminded")]
    return [*did, ("a", everything)]


def _order(who: str, month: int) -> dict[str, JSON]:
    return {
        "order_id": f"o-{who}-{month}",
        "cart_id": f"c-{who}-{month}",
        "number": 1 if month < 6 else 2,
        "total": _rub("900" if who == "boris" else "6000"),
        "kind": "auto" if who == "vera" else "web",
        "items": ["sku-1"],
        "gift": who == "anna",
        **({"coupon": "NY-SALE"} if who == "anna" else {}),
    }


def _visit(who: str, month: int) -> dict[str, JSON]:
    day = f"2026-{month + 1:02}-05"
    place: JSON = {"city": "Казань" if who == "boris" else "Kazan", "street": "Baumana"}
    return {"visit_at": f"{day}T15:00:00Z", "day": day, "place": place}


def _rub(amount: str) -> JSON:
    return {"amount": amount, "currency": "RUB"}
