"""Rules as a marketer writes them: each does what one hears when it is read aloud."""

from __future__ import annotations

import pytest

from engine.testing.virtual.world import World

REMINDERS = """
rule "Reminders"
  when cart_abandoned where event.total >= 15 EUR after 1h
  stop when order_placed
  send email "first"
  wait 1 day
  send email "second"
"""

THANKS_OR_NUDGE = """
rule "Did it help?"
  when registered
  send email "welcome"
  wait for order_placed up to 2 days
  if arrived then
    send email "thanks"
  else
    send email "nudge"
  end
"""

BY_CITY = """
rule "By city"
  when registered
  if customer.city is "Kazan" then
    send email "kazan"
  else if customer.city is unknown then
    send email "ask"
  else
    send email "other"
  end
"""


def told(world: World) -> list[str]:
    return [f"{message.at:%d %H:%M} {message.template}" for message in world.messages if message.state == "sent"]


def cart(amount: str) -> dict[str, object]:
    return {"cart_id": "c-1", "total": {"amount": amount, "currency": "EUR"}}


def test_two_reminders_a_day_apart(shop):
    world = shop(REMINDERS)

    world.at("10:00").event("cart_abandoned", cart("15"))
    world.finish()

    assert told(world) == ["02 11:00 first", "03 11:00 second"]


def test_a_cart_below_the_amount_is_left_alone(shop):
    world = shop(REMINDERS)

    world.at("10:00").event("cart_abandoned", cart("14.99"))
    world.finish()

    assert told(world) == []


def test_any_order_between_two_reminders_stops_the_second(shop):
    world = shop(REMINDERS)

    world.at("10:00").event("cart_abandoned", cart("15"))
    world.at("2026-03-03 10:59").event("order_placed", {"cart_id": "another"})
    world.finish()

    assert told(world) == ["02 11:00 first"]


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [
        pytest.param("2026-03-04 09:59", ["02 10:00 welcome", "04 09:59 thanks"], id="in the last minute"),
        pytest.param("2026-03-04 10:01", ["02 10:00 welcome", "04 10:00 nudge"], id="a minute too late"),
    ],
)
def test_thanks_come_with_the_order_and_a_nudge_after_two_days(shop, ordered: str, expected: list[str]):
    world = shop(THANKS_OR_NUDGE)

    world.at("10:00").event("registered")
    world.at(ordered).event("order_placed")
    world.finish()

    assert told(world) == expected


@pytest.mark.parametrize(("city", "mail"), [("Kazan", "kazan"), ("Perm", "other"), (None, "ask")])
def test_each_customer_gets_the_mail_of_the_first_arm_that_is_true(shop, city: str | None, mail: str):
    world = shop(BY_CITY)
    world.identify(**({"city": city} if city else {}))

    world.at("10:00").event("registered")
    world.finish()

    assert told(world) == [f"02 10:00 {mail}"]


def test_a_win_back_counts_from_the_last_order(shop):
    world = shop('when order_placed after 30 days if repeated restart send email "missed"')

    world.at("10:00").event("order_placed")
    world.at("2026-03-20 10:00").event("order_placed")
    world.finish()

    assert [f"{message.at:%m-%d %H:%M}" for message in world.messages] == ["04-19 10:00"]


def test_unless_looks_back_to_the_registration_and_not_further(shop):
    world = shop('when registered wait 1 day send email "first_order" unless order_placed send email "news"')

    world.at("09:30").event("order_placed", of="before")
    world.at("10:00").event("registered", of="before")
    world.event("registered", of="after")
    world.at("12:00").event("order_placed", of="after")
    world.finish()

    assert {(message.customer, message.template) for message in world.messages} == {
        ("before", "first_order"),
        ("before", "news"),
        ("after", "news"),
    }


def test_in_last_three_days_ends_to_the_second_after_three_days(shop):
    world = shop('when cart_updated only if order_placed in last 72h send email "buyer"')

    world.at("10:00").event("order_placed")
    world.at("2026-03-05 09:59").event("cart_updated", {"cart_id": "a"})
    world.at("2026-03-05 10:01").event("cart_updated", {"cart_id": "b"})
    world.finish()

    assert told(world) == ["05 09:59 buyer"]


def test_what_a_step_writes_the_next_one_reads(shop):
    world = shop('when registered set customer.stage to "warm" if customer.stage is "warm" then send email "warm" end')

    world.at("10:00").event("registered")

    assert told(world) == ["02 10:00 warm"]


def test_several_events_of_one_rule_share_its_wait(shop):
    world = shop('when order_placed or order_paid after 1h if repeated ignore send email "order"')

    world.at("10:00").event("order_placed")
    world.at("10:30").event("order_paid")
    world.finish()

    assert told(world) == ["02 11:00 order"]


def test_a_goal_measures_and_does_not_stop(shop):
    world = shop('when registered goal order_placed within 3 days send email "a" wait 1 day send email "b"')

    world.at("10:00").event("registered")
    world.at("11:00").event("order_placed")
    world.finish()

    assert told(world) == ["02 10:00 a", "03 10:00 b"]


def test_a_russian_rule_does_the_same(shop):
    text = (
        'когда cart_abandoned через 1ч прекратить при order_placed отправить email "a" ждать 1 день отправить email "b"'
    )
    world = shop(text)

    world.at("10:00").event("cart_abandoned", cart("1"))
    world.finish()

    assert told(world) == ["02 11:00 a", "03 11:00 b"]
