"""A replay of a whole month through many kinds of rules: the totals stay what they were before it was made faster."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dsl.catalog import PromoPool, TemplateInfo
from dsl.plan import JSON, QuietHours
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.testing.simulation.counted import Simulation
from engine.testing.simulation.replay import Heard, Replay
from engine.testing.simulation.simulating import Told, simulate_told
from engine.testing.virtual.delivery import Delivery
from tests.semantics.conftest import plan_of

RULES = """\
segment buyers means order_placed in last 7 days

rule "Cart"
  when cart_abandoned where event.total > 30 RUB after 1h
  stop when order_placed
  goal order_placed within 2 days
  once per event.cart_id per 3 days
  send email "cart" or sms "cart"
  wait 1 day
  split "Again"
    50% "plain": send email "again"
    30% "by phone": send sms "again"
    20% holdout
  end

rule "Thanks"
  when order_placed
  transactional
  send email "thanks"
  wait for registered up to 2 days
  if arrived then
    send push "welcome"
  else
    wait until 10:00
    send email "join"
  end

rule "Thrice"
  when product_viewed 3 times within 7 days
  at most 1 message per 2 days
  send email "looked"

rule "Left"
  when registered then not order_placed within 1 day
  only if count of order_placed in last 10 days < 2
  send best of email, sms "come"

rule "In"
  when customer enters buyers
  only first 20 customers
  send email "in"

rule "Monday"
  every monday at 9:00 for customer.city is "Kazan"
  send email "news"

rule "Birthday"
  when 1 day before customer.birthday at 9:00
  send email "cake"

rule "Gold"
  when customer.tier changes to "gold"
  issue promo "GOLD" valid 5 days
  send email "gold"
"""
POOLS = {"GOLD": PromoPool(discount="5 RUB")}
NAMED = {"email": "cart again thanks join looked come in news cake gold", "sms": "cart again come", "push": "welcome"}
TEMPLATES = {
    (channel, name): TemplateInfo(channel=channel, name=name, path="")
    for channel, names in NAMED.items()
    for name in names.split()
}
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
NAMES = ("cart_abandoned", "cart_emptied", "order_placed", "product_viewed", "product_viewed", "registered", "")

TOTALS = (60, 53, 511)
STARTS = {"Birthday": 33, "Cart": 104, "Gold": 40, "In": 43, "Left": 104, "Monday": 87, "Thanks": 123, "Thrice": 42}
SENT = {"Birthday": 33, "Cart": 101, "Gold": 35, "In": 26, "Left": 67, "Monday": 79, "Thanks": 148, "Thrice": 22}
ENDED = {
    ("Cart", "cancelled by cart_emptied"): 6,
    ("Cart", "holdout"): 20,
    ("Cart", "stop when order_placed"): 9,
    ("Left", "only if count of order_placed in last 10 days < 2"): 24,
    ("Left", "sequence not completed: order_placed"): 9,
}
REFUSED = {
    ("Cart", "no consent: email refused"): 2,
    ("Cart", "no consent: email refused; another way follows"): 2,
    ("Cart", "no email address"): 53,
    ("Cart", "no email address; another way follows"): 39,
    ("Cart", "no sms address"): 51,
    ("Cart", "quiet hours"): 25,
    ("Cart", "the same message within a minute"): 2,
    ("Gold", "no consent: email refused"): 5,
    ("Gold", "quiet hours"): 16,
    ("In", "no consent: email refused"): 1,
    ("In", "no email address"): 16,
    ("In", "quiet hours"): 7,
    ("Left", "no email address"): 37,
    ("Left", "no email address; another way follows"): 37,
    ("Left", "no sms address"): 37,
    ("Left", "quiet hours"): 18,
    ("Monday", "no consent: email refused"): 8,
    ("Thanks", "no email address"): 71,
    ("Thanks", "no push address"): 12,
    ("Thanks", "quiet hours"): 28,
    ("Thrice", "no email address"): 20,
    ("Thrice", "quiet hours"): 5,
}
PROMO = {"GOLD": 40}


def test_a_month_of_many_kinds_of_rules_has_the_totals_that_it_always_had():
    quiet = QuietHours(start="22:00", end="07:00")
    program = load_program(plan_of(RULES, quiet_hours=quiet, templates=TEMPLATES, pools=POOLS), 1, ACTIONS)
    replay, simulation = Replay(program, SINCE, UNTIL, Delivery()), Simulation(SINCE, UNTIL, program.zone)

    simulate_told(replay, simulation, dict(_customers(60)), on_progress=lambda _: None)

    assert (simulation.customers, simulation.reached, simulation.total) == TOTALS
    assert dict(sorted(simulation.starts.items())) == STARTS
    assert dict(sorted(simulation.by_rule().items())) == SENT
    assert dict(sorted(simulation.ended.items())) == ENDED
    assert dict(sorted(simulation.refused.items())) == REFUSED
    assert simulation.promo == PROMO


def _customers(count: int) -> Iterator[tuple[str, Told]]:
    draw = random.Random(4)
    for number in range(count):
        told = sorted((_heard(draw) for _ in range(20)), key=lambda heard: heard[0])
        yield f"u:{number}", Told(told[0][0], told)


def _heard(draw: random.Random) -> Heard:
    at = SINCE + timedelta(minutes=draw.randrange(-5 * 24 * 60, 30 * 24 * 60))
    name = draw.choice(NAMES)
    return at, name, _properties(draw) if name else _traits(draw)


def _properties(draw: random.Random) -> dict[str, JSON]:
    return {"cart_id": f"c{draw.randrange(3)}", "total": draw.randrange(10, 90), "sku": "s"}


def _traits(draw: random.Random) -> dict[str, JSON]:
    return {
        "email": "a@example.com",
        "city": draw.choice(["Kazan", "Perm"]),
        "tier": draw.choice(["silver", "gold"]),
        "timezone": draw.choice(["Europe/Moscow", "Asia/Tokyo"]),
        "birthday": f"1990-03-{draw.randrange(1, 29):02}",
        "consent": {"email": draw.random() < 0.9},
        **({"phone": "+4930123"} if draw.random() < 0.5 else {}),
    }
