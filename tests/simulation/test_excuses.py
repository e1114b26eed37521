"""What the oracle lets pass because minutes count, and what it does not."""

from __future__ import annotations

from datetime import timedelta

from tests.simulation.excuses import Ended, is_late
from tests.simulation.server import moment

DUE = [Ended("Cart", "cart", "gone", moment(0)), Ended("Cart", "cart_more", "gone", moment(7200))]


def test_what_follows_a_late_message_is_no_more_within_a_minute_of_what_another_run_says() -> None:
    late = Ended("Cart", "cart", "gone", moment(137))
    twice = [Ended("Cart", "cart_more", "gone", moment(at)) for at in (7200, 7337)]

    assert is_late(DUE, [late, *twice])


def test_what_is_said_twice_though_nothing_was_late_is_no_work_of_delays() -> None:
    hardly_late = [Ended(each.rule, each.template, each.state, each.at + timedelta(seconds=59)) for each in DUE]
    again = Ended("Cart", "cart_more", "gone", moment(7201))

    assert not is_late(DUE, [*hardly_late, again])
