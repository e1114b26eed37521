"""Counts, sums, averages and last values of a customer's history, in conditions and as values (S7, S16, S17, D9)."""

from datetime import timedelta

import pytest

ORDERS = [
    ("2026-01-10 10:00", {"total": "1000 RUB", "kind": "web"}),
    ("2026-02-10 10:00", {"total": "500 RUB", "kind": "shop"}),
    ("2026-02-20 10:00", {"total": "9 USD", "kind": "web"}),
    ("2026-03-01 10:00", {"kind": "web"}),
]


def holds(shop, condition: str, orders=ORDERS, **traits: object) -> bool:
    world = shop(f'when registered only if {condition} send email "hello"', currency="RUB")
    for at, properties in orders:
        world.event("order_placed", properties, happened=at, historical=True)
    if traits:
        world.identify(**traits)
    world.event("registered", {"source": "web"})
    return bool(world.sent)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("count of order_placed is 4", True),
        ("count of order_placed in last 30 days is 3", True),
        ('count of order_placed where (kind is "web") is 3', True),
        ('count of order_placed where (kind is "web") in last 30 days is 2', True),
        ("count of order_placed where (total > 500 RUB) is 1", True),
        ("count of order_placed where (total is known) is 3", True),
        ("count of order_paid is 0", True),
        ("count of order_placed between 4 and 5", True),
        ("count of order_placed in (3, 5)", False),
        ("not count of order_placed > 3", False),
    ],
)
def test_events_are_counted(shop, condition, expected):
    assert holds(shop, condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("sum of order_placed.total is 1500 RUB", True),
        ("sum of order_placed.total is 9 USD", True),
        ("sum of order_placed.total in last 30 days is 500 RUB", True),
        ("sum of order_placed.total is 0 EUR", True),
        ("average of order_placed.total is 750 RUB", True),
        ("average of order_placed.total in last 5 days is known", False),
        ("average of order_placed.total in last 5 days > 0 RUB", False),
        ("not average of order_placed.total in last 5 days > 0 RUB", True),
        ("sum of order_placed.total between 1500 RUB and 1600 RUB", True),
        ("sum of order_placed.total in (1500 RUB, 3 RUB)", True),
        ("sum of order_placed.total > sum of cart_updated.total", True),
    ],
)
def test_s17_a_sum_of_money_is_of_the_currency_it_is_compared_with(shop, condition, expected):
    assert holds(shop, condition) is expected


def test_s17_beside_an_amount_known_only_when_it_runs_a_sum_takes_its_currency(shop):
    condition = "sum of order_placed.total > customer.limit"

    assert holds(shop, condition, limit={"amount": 8, "currency": "USD"}) is True
    assert holds(shop, condition, limit={"amount": 10, "currency": "USD"}) is False
    assert holds(shop, condition, limit={"amount": 1499, "currency": "RUB"}) is True
    assert holds(shop, condition) is False


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('last order_placed.kind is "web"', True),
        ("last order_placed.total is unknown", True),
        ("last cart_emptied.cart_id is unknown", True),
        ('last cart_emptied.cart_id is not "c1"', True),
        ("days since last order_placed is 1", True),
        ("days since last order_paid > 0", False),
        ("days since last order_paid is unknown", True),
    ],
)
def test_s16_the_last_event_and_what_is_missing(shop, condition, expected):
    assert holds(shop, condition) is expected


def test_the_last_event_is_the_newest_by_its_own_time_not_by_its_arrival(shop):
    orders = [("2026-03-01 10:00", {"kind": "new"}), ("2026-02-01 10:00", {"kind": "old"})]

    assert holds(shop, 'last order_placed.kind is "new"', orders)


def test_numbers_are_added_as_they_are_written(shop):
    world = shop('when registered only if sum of chained_a.n is 0.3 and average of chained_a.n is 0.15 send email "x"')

    world.event("chained_a", {"n": 0.1})
    world.event("chained_a", {"n": 0.2})
    world.event("chained_a", {"n": "much"})
    world.event("registered")

    assert world.sent == ["email/x"]


@pytest.mark.parametrize(
    ("happened", "counts"), [("2026-03-01 09:00", False), ("2026-03-01 09:00:01", True), ("2026-03-02 09:00", True)]
)
def test_a_window_begins_just_after_its_length_ago_and_ends_now(shop, happened, counts):
    condition = "count of order_placed in last 24h is 1"

    assert holds(shop, condition, [(happened, {})]) is counts


def test_s07_days_of_a_window_are_calendar_days_in_the_customers_zone(shop):
    rule = 'when registered only if count of order_placed in last {window} is 1 send email "x"'

    def counts(window: str, happened: str) -> bool:
        # Clocks in Berlin go forward on 29 March 2026: 1 day back from Sunday noon is 23 hours.
        world = shop(rule.format(window=window), now="2026-03-29T12:00+02:00")
        world.identify(timezone="Europe/Berlin")
        world.event("order_placed", happened=happened, historical=True)
        world.event("registered")
        return bool(world.sent)

    assert counts("1 day", "2026-03-28T12:00:01+01:00") is True
    assert counts("1 day", "2026-03-28T11:59:59+01:00") is False
    assert counts("24h", "2026-03-28T11:59:59+01:00") is True


def test_s07_days_since_are_midnights_of_the_customers_clock(shop):
    def days(zone: str) -> int:
        world = shop('when registered send email "x" with days = days since last order_placed', now="2026-03-02T20:30Z")
        world.identify(timezone=zone)
        world.event("order_placed", happened="2026-03-02T18:30Z", historical=True)
        world.event("registered")
        [message] = world.messages
        return message.context["with"]["days"]

    assert days("UTC") == 0
    assert days("Asia/Yekaterinburg") == 1


@pytest.mark.parametrize(("earlier", "starts"), [(0, True), (1, False)])
def test_d09_the_event_that_starts_the_run_is_part_of_history(shop, earlier, starts):
    world = shop('when order_placed only if count of order_placed is 1 send email "first"')
    for _ in range(earlier):
        world.event("order_placed", happened="2026-02-01 10:00", historical=True)

    world.event("order_placed")

    assert bool(world.sent) is starts


def test_d09_a_late_start_counts_in_its_own_place_of_history(shop):
    world = shop('when order_placed only if last order_placed.kind is "late" send email "x"')
    world.event("order_placed", {"kind": "newer"}, historical=True)

    world.plus(timedelta(hours=1)).event("order_placed", {"kind": "late"}, happened="2026-03-02 08:00")

    assert world.sent == []


def test_s02_guards_count_again_before_every_send(shop):
    world = shop(
        'rule "x" when registered only if count of order_placed is 0 send email "one" wait 1 day send email "two"'
    )

    world.event("registered")
    world.plus(timedelta(hours=1)).event("order_placed")
    world.finish()

    assert world.sent == ["email/one"]


def test_in_brackets_bare_names_are_of_the_counted_event_and_event_is_the_runs_own(shop):
    world = shop(
        "when cart_abandoned only if count of cart_updated where (cart_id is event.cart_id) in last 1 day >= 2"
        ' send email "x"'
    )
    for cart in ("c1", "c2", "c2"):
        world.event("cart_updated", {"cart_id": cart})

    world.event("cart_abandoned", {"cart_id": "c1"})
    world.event("cart_abandoned", {"cart_id": "c2"})

    assert [message.context["event"]["cart_id"] for message in world.messages] == ["c2"]


def test_d20_what_rules_emit_counts_at_once(shop):
    world = shop(
        'rule "emits" when registered emit chained_a with n = 1\n'
        'rule "counts" when chained_a only if count of chained_a is 1 send email "x"'
    )

    world.event("registered")

    assert world.sent == ["email/x"]


def test_values_of_history_are_given_to_templates_attributes_and_events(shop):
    world = shop(
        'rule "x" when registered'
        " set customer.age to count of order_placed"
        " set customer.limit to sum of order_placed.total in last 90 days"
        " set customer.stage to last order_placed.kind"
        ' send email "x" with mean = average of order_placed.total, missing = last order_paid.order_id',
        currency="RUB",
    )
    for total in ("1000 RUB", "500.50 RUB", "1 USD"):
        world.event("order_placed", {"total": total, "kind": "web"}, historical=True)

    world.event("registered")

    attributes = world.customer().attributes
    assert attributes == {"age": 3, "limit": {"amount": "1500.50", "currency": "RUB"}, "stage": "web"}
    [message] = world.messages
    assert message.context["with"] == {"mean": {"amount": "750.25", "currency": "RUB"}, "missing": None}
