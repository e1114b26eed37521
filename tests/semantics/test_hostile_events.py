"""Whatever JSON a client sends as a property or a trait, no rule fails over it."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RULES = """
rule "everything"
  when cart_abandoned where not event.total > 100 RUB or event.items contains "x"
  only if not customer.city is "nowhere"
  unless customer.birthday in last 1 day
  stop when order_placed with same cart_id
  stop when order_placed where event.total is 7 RUB
  goal order_placed within 7 days
  once per event.cart_id per 1 day
  send email "cart" with total = event.total, city = customer.city
  set customer.city to event.city
  set customer.limit to event.total
  emit cart_updated with cart_id = event.cart_id, total = event.total, city = event.city, items = event.items
  wait for order_placed where event.kind contains "a" up to 2h
  wait until 1 day before customer.visit_on at 10:00 or now
  send email "again"

rule "visit"
  when visit_booked
  wait until 2 days before event.visit_at at 10:00 or now
  wait until 1h after event.on or now
  if event.visit_at in last 3 days then
    send email "visit"
  end
"""

numbers = st.sampled_from([0, -1, 10**400, -(10**400), 2**63, 1e308, 5e-324, float("nan"), float("inf"), 7, 0.1])
texts = st.sampled_from(
    ["", "x", "\x00", "\ud800", "9" * 5000, "1e999999999", "2026-03-02", "2026-13-45", "0001-01-01", "9999-12-31",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00", "-1 RUB", "7 RUB", "Europe/Moscow"]
) | st.text(max_size=5)  # fmt: skip
scalars = st.none() | st.booleans() | numbers | texts
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2), max_leaves=4
)
PROPERTIES = ["cart_id", "total", "city", "items", "currency", "kind", "visit_id", "visit_at", "on"]
TRAITS = [
    "email",
    "phone",
    "timezone",
    "locale",
    "consent",
    "city",
    "age",
    "birthday",
    "visit_on",
    "limit",
    "tags",
    "id",
]
bags = st.dictionaries(st.sampled_from(PROPERTIES), junk)
names = st.sampled_from(["cart_abandoned", "order_placed", "visit_booked"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(names, bags, st.dictionaries(st.sampled_from(TRAITS), junk)), min_size=1, max_size=4))
def test_no_value_makes_a_rule_fail(shop, happened):
    world = shop(RULES)

    for name, properties, traits in happened:
        world.identify(**traits)
        world.event(name, properties, context={"timezone": properties.get("city"), "locale": properties.get("on")})
        world.at(world.now.replace(hour=23, minute=59))
        world.now = world.moment("2026-03-03 00:00") if world.now.day == 2 else world.now

    assert world.memory.failures == []
