"""The ways of a message over virtual time: what follows when one fails, and the best of several (S19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine.testing.virtual.world import World
from tests.semantics.told import NIGHT, told

Shop = Callable[..., World]

# fallbacks (S19)


def test_s19_another_way_follows_a_refusal_at_once(shop: Shop):
    world = shop('when registered send email "hello" or sms "hi" or push "ping" add tag "said"')

    world.verdict("email/hello", "failed", after=timedelta(minutes=3), reason="no such mailbox")
    world.verdict("sms/hi", "failed")
    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("02 09:03", "push/ping")]
    assert world.customer().tags == {"said"}


def test_s19_the_same_way_is_not_followed_when_it_arrives(shop: Shop):
    world = shop('when registered send email "hello" or sms "hi" wait 1h send email "more"')

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("02 09:00", "email/hello"), ("02 10:00", "email/more")]


@pytest.mark.parametrize(
    ("minutes", "sent"),
    [
        pytest.param(14, ["email/hello", "sms/hi"], id="in time"),
        pytest.param(16, ["email/hello"], id="too late"),
    ],
)
def test_s19_a_bounce_within_a_quarter_of_an_hour_counts_as_well(shop: Shop, minutes: int, sent: list[str]):
    world = shop('when registered send email "hello" or sms "hi"')

    world.event("registered")
    world.plus(timedelta(minutes=minutes)).event("email_bounced")
    world.finish()

    assert world.sent == sent


def test_s19_a_bounce_of_another_message_changes_nothing(shop: Shop):
    world = shop('when registered send email "hello" or sms "hi"')

    world.event("registered")
    world.plus(timedelta(minutes=1)).event("email_bounced", {"message_id": "another"})
    world.plus(timedelta(minutes=1)).event("sms_failed")
    world.finish()

    assert world.sent == ["email/hello"]


def test_s19_never_because_of_caps(shop: Shop):
    world = shop('when order_placed at most 1 message per day send email "hello" or sms "hi"')

    world.event("order_placed")
    world.plus(timedelta(hours=1)).event("order_placed")
    world.finish()

    assert world.sent == ["email/hello"]


def test_s19_never_because_of_quiet_hours(shop: Shop):
    world = shop('when registered send email "hello" or sms "hi"', now="2026-03-02 23:00", quiet_hours=NIGHT)

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("03 09:00", "email/hello")]


def test_s19_the_second_way_keeps_quiet_hours_too(shop: Shop):
    world = shop('when registered send email "hello" or sms "hi"', now="2026-03-02 21:55", quiet_hours=NIGHT)

    world.verdict("email/hello", "failed", after=timedelta(minutes=6))
    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("03 09:00", "sms/hi")]


def test_s19_once_per_counts_the_way_that_was_sent(shop: Shop):
    world = shop('when order_placed once per 7 days send email "hello" or sms "hi"')

    world.verdict("email/hello", "failed")
    world.event("order_placed")
    world.plus(timedelta(hours=1)).event("order_placed")
    world.finish()

    assert world.sent == ["sms/hi"]


def test_s19_once_per_is_free_when_no_way_was_sent(shop: Shop):
    world = shop('when order_placed once per 7 days send email "hello" or sms "hi"')

    world.verdict("email/hello", "failed")
    world.verdict("sms/hi", "failed")
    world.event("order_placed")
    world.verdict("sms/hi", "sent")
    world.plus(timedelta(hours=1)).event("order_placed")
    world.finish()

    assert world.sent == ["sms/hi"]


def test_s19_a_stop_before_the_bounce_wins(shop: Shop):
    world = shop('when registered stop when order_placed send email "hello" or sms "hi"')

    world.event("registered")
    world.plus(timedelta(minutes=1)).event("order_placed")
    world.plus(timedelta(minutes=1)).event("email_bounced")
    world.finish()

    assert world.sent == ["email/hello"]


# send best


@pytest.mark.parametrize(
    ("traits", "sent"),
    [
        pytest.param({"email": "a@example.com", "phone": "+7"}, "sms/hi", id="the author's order"),
        pytest.param({"email": "a@example.com"}, "email/hi", id="only what reaches the customer"),
        pytest.param({"email": "a@example.com", "phone": "+7", "consent": {"sms": False}}, "email/hi", id="refused"),
        pytest.param({"email": "a@example.com", "phone": "+7", "consent": {"email": True}}, "email/hi", id="agreed"),
    ],
)
def test_the_best_channel_is_one_that_reaches_the_customer(shop: Shop, traits: dict[str, Any], sent: str):
    world = shop('when registered send best of sms, email "hi"\nwhen order_paid send email "hi" send sms "hi"')

    world.learn(traits)
    world.event("registered")
    world.finish()

    assert world.sent == [sent]


def test_the_best_channel_is_the_one_that_delivered_last(shop: Shop):
    world = shop('rule "B" when registered send best of sms, email "hi"\nwhen order_paid send email "a" send sms "hi"')

    world.learn({"email": "a@example.com", "phone": "+7"})
    world.verdict("sms/hi", "failed")
    world.event("order_paid")
    world.verdict("sms/hi", "sent")
    world.event("registered")
    world.finish()

    assert world.sent == ["email/a", "email/hi"]
    [note] = [each for each in world.memory.notes if each.what == "chooses"]
    assert note.detail == 'best "hi": email, sms (email delivered last)'


def test_the_others_are_tried_when_the_best_fails(shop: Shop):
    world = shop(
        'when registered send best of sms, email "hi" or push "ping"\nwhen order_paid send email "hi" send sms "hi"'
    )

    world.learn({"email": "a@example.com", "phone": "+7"})
    world.verdict("sms/hi", "failed")
    world.verdict("email/hi", "failed")
    world.event("registered")
    world.finish()

    assert world.sent == ["push/ping"]
