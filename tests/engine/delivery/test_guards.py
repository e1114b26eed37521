"""The guards and the retry schedule are functions of facts and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.plan import Length, QuietHours
from engine.core.delivery.limits import CountedCap
from engine.core.delivery.retries import LIFETIME, next_attempt
from engine.core.delivery.sparing import Repeats, Said
from engine.core.guards import GUARDS, Counted, MessageFacts, first_block

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
NEW, SAID = UUID(int=1), Said(UUID(int=2), "cart")
GOOD = MessageFacts(channel="email", address="a@example.com", transactional=False)
SENT = Counted(at=NOW - timedelta(hours=1), rule="other", channel="email", topic=None, transactional=False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"address": None}, "no email address"),
        ({"address": ""}, "no email address"),
        ({"is_rule_on": False}, "the rule was switched off"),
        ({"run_end": "stop when order_placed"}, "stop when order_placed"),
        ({"run_end": "прекратить при order_placed"}, "прекратить при order_placed"),
        ({"run_end": "cancelled by order_placed"}, "cancelled by order_placed"),
        ({"run_end": "cancelled by a publication"}, "cancelled by a publication"),
        ({"run_end": "the provider said: stop when you can"}, None),
        ({"run_end": "finished"}, None),
        ({"suppressed": "550"}, "the address is suppressed: 550"),
        ({"suppressed": "550", "transactional": True}, "the address is suppressed: 550"),
        ({"consent": {"email": False}}, "no consent: email refused"),
        ({"consent": {"sms": False}}, None),
        ({"consent": {"news": False}, "topic": "news"}, "no consent: topic news refused"),
        ({"consent": {"news": False}, "topic": "service"}, None),
        ({"consent": {"email": False}, "transactional": True}, None),
        ({"consent_policy": "required"}, "no consent: email was never agreed to"),
        ({"consent_policy": "required", "consent": {"email": True}}, None),
        ({"consent_policy": "required", "consent": {"email": True, "news": False}, "topic": "news"},
         "no consent: topic news refused"),
        ({"is_erased": True, "consent": {"email": True}},
         "no consent: the person was erased, and has not chosen again"),
        ({"is_erased": True, "consent": {"email": True}, "chosen": {"email"}}, None),
        ({"is_erased": True, "consent": {"news": True}, "chosen": {"news"}, "topic": "news"}, None),
        ({"is_erased": True, "consent": {"email": False}, "chosen": {"email"}}, "no consent: email refused"),
        ({"is_erased": True, "transactional": True}, None),
        ({"is_erased": True, "transactional": True, "asks_for": ("email", "news")},
         "no consent: the person was erased, and has not chosen again"),
        ({"is_erased": True, "transactional": True, "asks_for": ("email", "news"), "chosen": {"news"}}, None),
        ({"transactional": True, "asks_for": ("email",)}, None),
        ({"is_rule_on": False, "address": None, "suppressed": "x"}, "the rule was switched off"),
    ],
    ids=str,
)  # fmt: skip
def test_the_first_guard_that_blocks_gives_the_reason(change: dict[str, Any], reason: str | None):
    block = first_block(replace(GOOD, **change), NOW)

    assert (block.reason if block else None) == reason


def test_each_guard_can_block_alone():
    stopping = [
        replace(GOOD, is_rule_on=False),
        replace(GOOD, address=None),
        replace(GOOD, suppressed="x"),
        replace(GOOD, consent={"email": False}),
        replace(GOOD, quiet_hours=(QuietHours(start="09:00", end="11:00"),)),
        replace(GOOD, said=Said(NEW, "cart"), repeats=Repeats(), counted=(replace(SENT, channel="sms", said=SAID),)),
        replace(GOOD, caps=(CountedCap(limit=1, per=Length(1, "day")),), counted=(SENT,)),
    ]

    for guard, facts in zip(GUARDS, stopping, strict=True):
        assert guard(facts, NOW) is not None
        assert guard(GOOD, NOW) is None


def test_waits_double_from_a_minute_to_four_hours_within_a_tenth():
    message = uuid4()

    waits = [next_attempt(message, tries, first_due=NOW, now=NOW) for tries in range(1, 12)]

    minutes = [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]
    for due, expected in zip(waits, minutes, strict=True):
        assert due is not None
        assert abs((due - NOW) / timedelta(minutes=expected) - 1) <= 0.1


def test_messages_that_failed_together_do_not_come_back_together():
    dues = {next_attempt(UUID(int=number), 1, first_due=NOW, now=NOW) for number in range(100)}

    assert len(dues) > 90


def test_a_provider_may_ask_for_a_longer_pause():
    due = next_attempt(uuid4(), 1, first_due=NOW, now=NOW, after=timedelta(hours=1))

    assert due == NOW + timedelta(hours=1)


@given(
    tries=st.integers(1, 10_000),
    age=st.timedeltas(timedelta(0), timedelta(days=10)),
    after=st.none() | st.timedeltas(timedelta(0), timedelta(days=3650)),
)
def test_attempts_go_forward_in_time_and_end_with_the_lifetime(tries: int, age: timedelta, after: timedelta | None):
    now = NOW + age

    due = next_attempt(UUID(int=tries), tries, first_due=NOW, now=now, after=after)

    if age >= LIFETIME:
        assert due is None
    else:
        assert due is not None and now < due <= NOW + LIFETIME
