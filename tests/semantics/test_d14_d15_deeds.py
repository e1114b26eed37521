"""D12, D14, D15 and D20 for what rules do besides sending: numbers, points, promo codes, calls, notes to the staff."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dsl.catalog import PromoPool

HOUR = timedelta(hours=1)
POOLS = {"BACK10": PromoPool(discount="10%")}


def utc(hour: int, *, day: int) -> str:
    return datetime(2026, 3, day, hour, tzinfo=UTC).isoformat()


# numbers


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        pytest.param(None, "increase customer.age by 1", 1, id="missing counts as 0"),
        pytest.param("three", "increase customer.age by 1", 1, id="no number counts as 0"),
        pytest.param(41, "increase customer.age by 1", 42, id="whole"),
        pytest.param(0.1, "increase customer.age by 0.2", 0.3, id="exact in decimals"),
        pytest.param(0.5, "increase customer.age by 0.5", 1, id="whole again"),
        pytest.param(1, "decrease customer.age by 3", -2, id="below 0"),
        pytest.param(2**53, "increase customer.age by 1", 2**53, id="too large to stay exact"),
    ],
)
def test_d15_a_number_is_increased_and_decreased_exactly(shop, before, step, after):
    world = shop(f"when registered {step}")
    world.memory.customers[world.customer().id] = _with(world.customer(), age=before)

    world.event("registered")

    assert world.customer().attributes["age"] == after
    assert type(world.customer().attributes["age"]) is type(after)


def _with(customer, **attributes):
    return replace(customer, attributes={name: each for name, each in attributes.items() if each is not None})


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        pytest.param(None, "12.50 RUB", {"amount": "12.50", "currency": "RUB"}, id="missing counts as 0"),
        pytest.param("10 RUB", "0.505 RUB", {"amount": "10.505", "currency": "RUB"}, id="three decimals"),
        pytest.param(7, "1 RUB", {"amount": "8", "currency": "RUB"}, id="in the workspace's currency"),
        pytest.param("10 USD", "5 RUB", "10 USD", id="nothing is converted"),
    ],
)
def test_d15_an_amount_of_money_is_increased_in_its_currency(shop, before, by, after):
    world = shop(f"when registered increase customer.limit by {by}")
    world.memory.customers[world.customer().id] = _with(world.customer(), limit=before)

    world.event("registered")

    assert world.customer().attributes["limit"] == after


def test_d15_by_an_amount_of_the_event_and_without_it_nothing_changes(shop):
    world = shop("when order_placed increase customer.limit by event.total")

    world.event("order_placed", {"total": "99.90", "currency": "RUB"})
    world.event("order_placed", {})

    assert world.customer().attributes["limit"] == {"amount": "99.90", "currency": "RUB"}


def test_d15_increments_of_several_runs_of_one_batch_add_up(shop):
    world = shop("when order_placed if repeated parallel increase customer.age by 1")
    events = [world.make_event("order_placed", {}, happened="09:00") for _ in range(3)]

    world.receive(*events)

    assert world.customer().attributes["age"] == 3


# points


@pytest.mark.parametrize(
    ("step", "total", "points"),
    [
        pytest.param("add 100 points", 0, 100, id="so many"),
        pytest.param("add 1 point per 100 RUB of event.total", 250, 2, id="rounded down"),
        pytest.param("add 1 point per 100 RUB of event.total", 99.99, 0, id="less than one"),
        pytest.param("add 5 points per 0.10 RUB of event.total", 0.3, 15, id="exact in decimals"),
        pytest.param("add 1 point per 100 RUB of event.total", -500, 0, id="less than nothing"),
        pytest.param("add 1 point per 100 RUB of event.total", "500 USD", 0, id="another currency"),
        pytest.param("add 1 point per 100 RUB of event.total", None, 0, id="missing"),
        pytest.param("add 1 point per 1 RUB of event.total", 1e300, 10**15, id="more than anybody collects"),
    ],
)
def test_d15_points_are_added_in_whole_ones(shop, step, total, points):
    world = shop(f"when order_placed {step}")

    world.event("order_placed", {"total": total})

    assert world.customer().points == points


def test_d15_a_balance_never_falls_below_zero_and_the_ledger_says_what_was_taken(shop):
    world = shop("when registered add 3 points\nwhen order_placed remove 5 points")

    world.event("registered")
    world.event("order_placed")
    world.event("order_placed")

    assert world.customer().points == 0
    assert [entry.amount for entry in world.memory.points] == [3, -3]


def test_d20_points_are_seen_by_other_rules_in_the_same_batch_after_the_events_already_read(shop):
    world = shop(
        'rule "a" when order_placed if repeated parallel priority 5 add 60 points emit registered\n'
        'rule "b" when registered if repeated parallel only if customer.points >= 100 add tag "rich"'
    )
    events = [world.make_event("order_placed", {}, happened="09:00") for _ in range(2)]

    world.receive(*events)

    assert world.customer().points == 120
    assert world.customer().tags == {"rich"}


def test_points_are_the_engines_own_and_no_client_sets_them(shop):
    world = shop("when registered add 1 point")

    world.identify(points=1_000_000)
    world.event("registered")

    assert world.customer().points == 1
    assert "points" not in world.customer().attributes


def test_d12_in_a_rule_without_sends_once_per_counts_from_the_first_deed(shop):
    world = shop("when order_placed once per 7 days if repeated parallel add 10 points")

    world.event("order_placed")
    world.event("order_placed")

    assert world.customer().points == 10


# promo codes


def test_d14_a_customer_gets_a_code_with_an_end_and_the_template_reads_it(shop):
    world = shop('when registered issue promo "BACK10" valid 7 days send email "a"', pools=POOLS)

    world.event("registered")

    [message] = world.messages
    assert message.context["promo"] == {"code": "BACK10-1", "expires": utc(9, day=9), "discount": "10%"}


def test_d14_a_code_is_never_given_twice(shop):
    world = shop('when registered issue promo "BACK10" issue promo "BACK10" send email "a"', pools=POOLS)

    for name in "abc":
        world.event("registered", of=name)

    assert [each.code for each in world.memory.pools.issued] == [f"BACK10-{number}" for number in range(1, 7)]


def test_d14_a_dry_pool_is_asked_about_with_issued(shop):
    world = shop(
        'when registered issue promo "BACK10" wait 1h if issued then send email "code" else send email "sorry" end',
        pools=POOLS,
    )
    world.memory.pools.fill("BACK10", "A1")

    world.event("registered", of="anna")
    world.event("registered", of="boris")
    world.finish()

    assert [(each.customer, each.template) for each in world.messages] == [("anna", "code"), ("boris", "sorry")]


def test_d14_issued_speaks_of_the_nearest_one_above(shop):
    pools = {"A": PromoPool(), "B": PromoPool()}
    world = shop('when registered issue promo "A" issue promo "B" if issued then add tag "b" end', pools=pools)
    world.memory.pools.fill("B")

    world.event("registered")

    assert world.customer().tags == frozenset()
    assert [each.pool for each in world.memory.pools.issued] == ["A"]


def test_s04_a_run_that_begins_anew_gets_its_code_again_with_a_new_end(shop):
    world = shop('when cart_abandoned issue promo "BACK10" valid 1 day wait 2h send email "a"', pools=POOLS)

    world.at("09:00").event("cart_abandoned", {"cart_id": "c"})
    world.at("10:00").event("cart_abandoned", {"cart_id": "c"})
    world.finish()

    [message] = world.messages
    assert message.context["promo"] == {"code": "BACK10-1", "expires": utc(10, day=3), "discount": "10%"}
    assert {each.code for each in world.memory.pools.issued} == {"BACK10-1"}


def test_d16_the_last_day_of_a_pool_belongs_to_it_and_ends_its_codes(shop):
    pools = {"BACK10": PromoPool(expires="2026-03-03")}
    world = shop('when registered issue promo "BACK10" valid 7 days if issued then send email "a" end', pools=pools)

    world.at("2026-03-03 23:59").event("registered", of="anna")
    world.at("2026-03-04 00:00").event("registered", of="boris")

    [message] = world.messages
    assert message.customer == "anna"
    assert message.context["promo"] == {"code": "BACK10-1", "expires": utc(0, day=4)}


# calls and notes

OUTSIDE = {"webhooks": ("crm_sync",), "staff": ("managers",)}


def test_a_call_carries_what_the_rule_gives_and_leaves_out_what_is_missing(shop):
    rule = 'when cart_abandoned call "crm_sync" with id = customer.id, total = event.total, city = customer.city'
    world = shop(rule, **OUTSIDE)

    world.event("cart_abandoned", {"total": 5}, of="42")

    [call] = world.messages
    assert world.told == ["webhook/crm_sync"]
    assert call.context == {"with": {"id": "42", "total": 5}}


def test_calls_and_notes_are_no_messages_to_the_customer(shop):
    """They do not end the time in which the event restarts the run (S4), and no run waits for them."""
    world = shop(
        'when cart_abandoned call "crm_sync" notify "managers" "A cart was left" wait 1h send email "cart"', **OUTSIDE
    )

    world.at("09:00").event("cart_abandoned", {"cart_id": "c"})
    world.at("09:30").event("cart_abandoned", {"cart_id": "c"})
    world.finish()

    assert world.sent == ["email/cart"]
    assert [str(each.at.time()) for each in world.messages if each.channel == "email"] == ["10:30:00"]
    assert world.told == ["webhook/crm_sync", "staff/managers"] * 2


def test_a_stop_takes_back_a_queued_message_and_no_call(shop):
    world = shop('when registered stop when order_placed call "crm_sync" send email "a" wait 1h exit', **OUTSIDE)
    world.verdict("email/a", "sent", after=HOUR)
    world.verdict("webhook/crm_sync", "sent", after=HOUR)

    world.at("09:00").event("registered")
    world.at("09:30").event("order_placed")
    world.finish()

    assert [(each.channel, each.state) for each in world.messages] == [("email", "withdrawn"), ("webhook", "sent")]
