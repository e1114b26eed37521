"""Recipient domains: who answers gets more at once, who does not is left alone for longer and longer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.domains import FIRST_WINDOW, Domains


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def domains(clock: Clock) -> Domains:
    return Domains(clock)


def room(domains: Domains, domain: str) -> int:
    return next(count for count in range(100) if not domains.has_room(domain, count))


def test_each_answer_makes_room_for_one_more(domains: Domains):
    for _ in range(10):
        domains.began("gmail.com")
        domains.ended("gmail.com", "answered")

    assert room(domains, "gmail.com") == FIRST_WINDOW + 10
    assert room(domains, "new.example") == FIRST_WINDOW


def test_silence_halves_the_room_and_five_in_a_row_close_the_domain_for_a_while(domains: Domains, clock: Clock):
    for _ in range(5):
        domains.began("dead.example")
        domains.ended("dead.example", "silent")

    assert room(domains, "dead.example") == 1
    assert domains.waits_s("dead.example") == 30
    clock.now += 31
    assert domains.waits_s("dead.example") == 0
    assert domains.is_on_trial("dead.example")


def test_a_trial_that_fails_closes_the_domain_for_twice_as_long_and_one_answer_opens_it(domains: Domains, clock: Clock):
    pauses = []
    for _ in range(8):
        for _ in range(5 if not pauses else 1):
            domains.began("dead.example")
            domains.ended("dead.example", "silent")
        pauses.append(domains.waits_s("dead.example"))
        clock.now += pauses[-1] + 1
    domains.began("dead.example")
    domains.ended("dead.example", "answered")

    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]
    assert domains.waits_s("dead.example") == 0
    assert not domains.is_on_trial("dead.example")


def test_while_one_is_on_trial_the_others_wait(domains: Domains, clock: Clock):
    for _ in range(5):
        domains.began("dead.example")
        domains.ended("dead.example", "silent")
    clock.now += 31

    domains.began("dead.example")

    assert domains.waits_s("dead.example") == 30


def test_a_domain_that_hangs_while_others_are_answered_gets_no_more(domains: Domains, clock: Clock):
    domains.began("dead.example")
    clock.now += 3
    domains.began("gmail.com")
    domains.ended("gmail.com", "answered")

    assert domains.waits_s("dead.example") == 3
    assert domains.waits_s("gmail.com") == 0


def test_where_nobody_is_answered_it_is_not_the_domain_that_hangs(domains: Domains, clock: Clock):
    domains.began("one.example")
    domains.began("two.example")
    clock.now += 60

    assert (domains.waits_s("one.example"), domains.waits_s("two.example")) == (0, 0)
