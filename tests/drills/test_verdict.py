"""The oracle of the drills finds what it is there to find."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from api.drill.card import Card, markdown_of, rows_of, text_of
from api.drill.run import machine
from api.drill.stories import Due, Story, all_due, tell_stories
from api.drill.verdict import Made, judge
from dsl.messages import Language, in_language

ANNA = Story("anna", orders=True, stars=5)
GOOD = [
    Made(message=UUID(int=place), due=due, state="sent", maybe_duplicate=False)
    for place, due in enumerate(ANNA.due(), 1)
]
ARRIVED = {row.message: 1 for row in GOOD}


def a_card(**changes: object) -> Card:
    card = Card(
        minutes=5,
        seed=7,
        machine="2 cores",
        events=5,
        events_lost=0,
        events_twice=0,
        repeated=0,
        refused=0,
        faults={"worker": 2},
        deaths=0,
        unsettled=0,
        recovery_s=1.25,
        verdict=judge([ANNA], GOOD, ARRIVED),
    )
    return replace(card, **changes)  # type: ignore[arg-type]


def test_what_every_story_must_lead_to_is_read_off_the_rules() -> None:
    assert list(ANNA.due()) == [Due("anna", "welcome"), Due("anna", "receipt"), Due("anna", "thanks")]
    assert [due.template for due in replace(ANNA, orders=False, stars=1).due()] == ["welcome", "cart", "sorry", "again"]
    assert all_due(tell_stories(Random(1), first=0, count=50)).total() > 150


def test_a_mail_each_is_what_a_drill_hopes_for() -> None:
    verdict = judge([ANNA], GOOD, ARRIVED)

    assert verdict.is_good
    assert (verdict.due, verdict.lost, verdict.twice) == (3, 0, 0)


def test_a_message_that_was_never_made_is_lost() -> None:
    assert judge([ANNA], GOOD[1:], ARRIVED).missing == (GOOD[0].due,)


@pytest.mark.parametrize("state", ["queued", "sending", "failed", "suppressed"])
def test_a_message_that_was_made_and_not_sent_is_lost(state: str) -> None:
    assert judge([ANNA], [replace(GOOD[0], state=state), *GOOD[1:]], ARRIVED).missing == (GOOD[0].due,)


def test_a_message_that_is_said_to_be_sent_and_never_arrived_is_lost() -> None:
    verdict = judge([ANNA], GOOD, {**ARRIVED, GOOD[0].message: 0})

    assert (verdict.lost, verdict.not_arrived) == (1, (GOOD[0].due,))


def test_a_message_that_was_made_twice_or_for_nobody_is_doubled() -> None:
    again = replace(GOOD[0], message=UUID(int=99))
    stranger = replace(again, message=UUID(int=98), due=Due("boris", "welcome"))

    assert set(judge([ANNA], [*GOOD, again, stranger], ARRIVED).unasked) == {again.due, stranger.due}


def test_a_mail_that_arrived_twice_is_doubled_unless_it_is_marked() -> None:
    twice = {**ARRIVED, GOOD[0].message: 2}
    marked = [replace(GOOD[0], maybe_duplicate=True), *GOOD[1:]]

    assert judge([ANNA], GOOD, twice).doubled == (GOOD[0].due,)
    assert judge([ANNA], marked, twice).is_good
    assert judge([ANNA], marked, twice).came_twice == 1


def test_a_mail_that_nobody_can_know_about_is_listed_and_neither_lost_nor_doubled() -> None:
    held = [replace(GOOD[0], state="unknown"), *GOOD[1:]]

    verdict = judge([ANNA], held, ARRIVED)

    assert verdict.is_good
    assert (verdict.unknown, verdict.unknown_arrived) == (1, 1)


def test_a_card_with_a_loss_names_it_and_how_to_make_it_again() -> None:
    card = a_card(verdict=judge([ANNA], GOOD[1:], ARRIVED))

    text = text_of(card, str)

    assert not card.is_good
    assert "never made: welcome anna" in text
    assert "--seed 7" in text


@pytest.mark.parametrize("changes", [{"events_lost": 1}, {"events_twice": 1}, {"unsettled": 1}, {"events": 0}])
def test_a_card_is_good_only_when_everything_is(changes: dict[str, int]) -> None:
    assert a_card().is_good
    assert not a_card(**changes).is_good


def test_a_card_is_said_in_both_languages_as_text_as_a_table_and_as_json() -> None:
    card = a_card()

    russian = text_of(card, lambda text: in_language(text, "ru"))

    assert "потеряно" in russian
    assert "lost" not in russian
    assert markdown_of(card, str).count("\n|") == len(rows_of(card)) + 2
    assert card.as_json()["lost"] == 0


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "or listed as unknown, as the policy says."), ("ru", "или числится неизвестным, как велит политика.")],
)
def test_a_card_fits_a_terminal_and_says_what_became_of_mails_in_dead_hands(language: Language, told: str) -> None:
    card = a_card(seed=20261122, machine=machine("18.4 (Debian)", is_ours=True), faults={"sender": 13, "api": 10})

    text = text_of(card, lambda text: in_language(text, language))

    assert max(len(line) for line in text.splitlines()) <= 80
    assert told in " ".join(text.split())


def test_one_of_a_thing_is_said_as_one() -> None:
    card = a_card(minutes=1, faults={"worker": 1, "api": 1, "database": 1}, unsettled=1)

    english, russian = text_of(card, str), text_of(card, lambda text: in_language(text, "ru"))

    assert english.startswith("1 minute on ")
    assert "1 worker, 0 of them in the middle of a mail; 1 time the API" in " ".join(english.split())
    assert "1 thing had" in english
    assert russian.startswith("1 минута, ")
