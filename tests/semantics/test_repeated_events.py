"""`A 3 times within 7 days with same …`: sliding, counts anew after it fired (D11)."""

from datetime import timedelta

import pytest

THREE = 'rule "x" when product_viewed 3 times within 1h {more} send email "look"'
MINUTE = timedelta(minutes=1)


def view(world, minute: int, sku: str = "a", **more: object) -> None:
    world.at(f"{9 + minute // 60:02}:{minute % 60:02}").event("product_viewed", {"sku": sku}, **more)


@pytest.mark.parametrize(
    ("minutes", "fires_at"),
    [
        ([0, 10, 20], ["09:20"]),
        ([0, 10], []),
        ([0, 30, 60], []),  # an hour ago exactly is outside
        ([1, 30, 60], ["10:00"]),
        ([0, 50, 70, 80], ["10:20"]),  # slides
        ([0, 10, 20, 30], ["09:20"]),  # counts anew
        ([0, 10, 20, 30, 40, 50], ["09:20", "09:50"]),
    ],
)
def test_d11_it_fires_at_the_third_within_the_time_and_counts_anew(shop, minutes, fires_at):
    world = shop(THREE.format(more=""))

    for minute in minutes:
        view(world, minute)

    assert [message.at for message in world.messages] == [world.moment(each) for each in fires_at]


def test_with_same_each_thing_is_counted_by_itself(shop):
    world = shop(THREE.format(more="").replace("within 1h", "within 1h with same sku"))

    for minute, sku in enumerate("abababcc"):
        view(world, minute, sku)

    assert [message.context["event"]["sku"] for message in world.messages] == ["a", "b"]


def test_s16_without_the_property_an_event_is_the_same_as_no_other(shop):
    world = shop(THREE.format(more="").replace("within 1h", "within 1h with same sku"))

    for _ in range(4):
        world.event("product_viewed")

    assert world.sent == []


def test_the_condition_holds_of_each_event_that_counts(shop):
    world = shop('rule "x" when product_viewed where event.sku is "a" 3 times within 1h send email "look"')

    for minute, sku in enumerate("abaaba"):
        view(world, minute, sku)

    assert [message.at for message in world.messages] == [world.moment("09:03")]


def test_several_events_count_together(shop):
    world = shop('rule "x" when registered or order_paid 3 times within 1h send email "look"')

    for name in ("registered", "order_paid", "order_paid"):
        world.plus(MINUTE).event(name)

    assert world.sent == ["email/look"]


def test_history_from_before_the_rule_counts(shop, plan):
    world = shop('rule "other" when registered send email "hello"')
    view(world, 0)
    view(world, 1)

    world.publish(plan(THREE.format(more="")))
    view(world, 2)

    assert world.sent == ["email/look"]


def test_imported_history_counts_and_fires_nothing_itself(shop):
    world = shop(THREE.format(more=""))

    for minute in (0, 1, 2):
        view(world, minute, historical=True)
    fired_by_imports = list(world.sent)
    view(world, 3)

    assert (fired_by_imports, world.sent) == ([], ["email/look"])


def test_d11_a_guard_that_refuses_does_not_begin_the_count_anew(shop):
    world = shop(THREE.format(more='only if customer.stage is "warm"'))

    for minute in (0, 1, 2):
        view(world, minute)
    world.identify(stage="warm")
    view(world, 3)

    assert [message.at for message in world.messages] == [world.moment("09:03")]


def test_s04_while_a_run_is_on_its_way_a_further_firing_restarts_it_before_its_first_message(shop):
    world = shop('rule "x" when product_viewed 2 times within 1h after 1h send email "look"')

    for minute in (0, 10, 20, 30):
        view(world, minute)
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("10:30")


def test_s15_a_late_event_completes_the_window_and_the_run_begins_at_its_end(shop):
    world = shop('rule "x" when order_paid 3 times within 1h after 2h send email "look"')

    world.at("09:30").event("order_paid")
    world.at("09:40").event("order_paid")
    world.at("10:00").event("order_paid", happened="09:35")
    world.finish()

    [message], [run] = world.messages, world.runs
    assert (run.began_at, message.at) == (world.moment("09:40"), world.moment("11:40"))


def test_s15_a_late_event_from_before_the_last_firing_counts_no_more(shop):
    world = shop('rule "x" when order_paid 2 times within 1h send email "look"')

    world.at("09:30").event("order_paid")
    world.at("09:40").event("order_paid")
    world.at("09:50").event("order_paid", happened="09:35")
    world.event("order_paid")

    assert [message.at for message in world.messages] == [world.moment("09:40")]


def test_events_of_one_moment_count_each_and_each_once(shop):
    world = shop('rule "x" when order_paid 2 times within 1h send email "look" exit')

    for _ in range(5):
        world.event("order_paid", happened="09:00")
    firings = len(world.runs)

    assert firings == 2


def test_s07_the_days_of_the_window_are_calendar_days_of_the_customer(shop):
    def fires(first: str) -> bool:
        world = shop('rule "x" when order_paid 2 times within 1 day send email "look"', now=first)
        world.identify(timezone="Europe/Berlin")
        world.event("order_paid")
        world.at("2026-03-29T12:00+02:00").event("order_paid")
        return bool(world.sent)

    assert fires("2026-03-28T12:00:01+01:00")
    assert not fires("2026-03-28T12:00:00+01:00")


def test_once_per_does_not_begin_the_count_anew(shop):
    world = shop('rule "x" when order_paid 2 times within 7 days once per 1 day send email "look"')

    for hours in (0, 1, 2, 3):
        world.at(f"2026-03-02 {9 + hours:02}:00").event("order_paid")
    world.at("2026-03-03 11:00").event("order_paid")

    assert [message.at for message in world.messages] == [
        world.moment("2026-03-02 10:00"), world.moment("2026-03-03 11:00")
    ]  # fmt: skip
