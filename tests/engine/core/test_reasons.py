"""Each reason has a code, and one sentence that is written and read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.keywords import ENGLISH, RUSSIAN
from dsl.messages import in_language
from engine.core.reasons import REASONS, ReasonKind, forms_of, read_reason, tell_reason
from engine.core.reasons.of_delivery import ANSWERED, NOT_TAKEN, SENT_AGAIN
from engine.core.reasons.of_guards import NO_ADDRESS, SUPPRESSED
from engine.core.reasons.of_runs import ONLY_IF, STOP_WHEN, UNLESS

FACTS = {
    "answer": "451 try later",
    "channel": "sms",
    "clause": "stop when order_placed",
    "domain": "gmail.com",
    "event": "order_placed",
    "events": "paid or order_placed",
    "known": "3",
    "lost": "2",
    "n": "5",
    "name": "Founders' Day",
    "names": "event.total, promo.code",
    "per": "7 days",
    "topic": "news",
    "what": "messages",
    "who": "smtp.shop.example",
    "why": "the mailbox is full",
}
CLAUSES = {STOP_WHEN: "STOP_WHEN", ONLY_IF: "ONLY_IF", UNLESS: "UNLESS"}
OUR_WORDS = [each for each in REASONS if each not in CLAUSES]


def example(kind: ReasonKind) -> tuple[str, dict[str, str]]:
    facts = {name: FACTS[name] for name in re.findall(r"\{(\w+)\}", kind.recorded)}
    return kind.of(**facts), facts


def code(kind: ReasonKind) -> str:
    return kind.code


@pytest.mark.parametrize("kind", OUR_WORDS, ids=code)
def test_what_is_recorded_is_read_back_with_its_code_and_facts(kind: ReasonKind):
    sentence, facts = example(kind)

    found = read_reason(sentence)

    assert found is not None
    assert (found.code, found.facts) == (kind.code, facts)


@pytest.mark.parametrize("kind", OUR_WORDS, ids=code)
def test_every_reason_is_said_in_both_languages(kind: ReasonKind):
    sentence, _ = example(kind)

    told = tell_reason(sentence)

    assert re.search("[а-я]", in_language(told, "ru"))
    assert not re.search("[а-я]", in_language(told, "en"))


def test_no_two_reasons_have_a_code_or_a_sentence_in_common():
    assert len({each.code for each in REASONS}) == len(REASONS)
    assert len({each.recorded for each in OUR_WORDS}) == len(OUR_WORDS)


def test_the_page_of_reasons_names_every_code_and_no_other():
    page = (Path(__file__).parents[3] / "docs" / "reasons.md").read_text()

    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {each.code for each in REASONS}


@pytest.mark.parametrize("kind", CLAUSES, ids=code)
@pytest.mark.parametrize("keywords", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_a_clause_of_a_rule_has_a_code_in_whatever_language_it_is_written(
    kind: ReasonKind, keywords: dict[str, tuple[str, ...]]
):
    for words in keywords[CLAUSES[kind]]:
        clause = f"{words} order_placed"

        found = read_reason(clause)

        assert found is not None
        assert (found.code, forms_of(clause)) == (kind.code, (clause,))


def test_the_reason_within_a_reason_is_told_by_its_own_words():
    told = tell_reason(SUPPRESSED.of(why=ANSWERED.of(who="RCPT", answer="550 no such user")))

    assert in_language(told, "ru") == "на этот адрес писать нельзя: RCPT отвечает 550 no such user"


@pytest.mark.parametrize("words", ["the mailbox is full", "unlesss", "no such thing: sms", ""])
def test_what_somebody_else_wrote_has_no_code_and_stays_as_it_is(words: str):
    assert read_reason(words) is None
    assert tell_reason(words) == words


@given(why=st.text())
@pytest.mark.parametrize("kind", [NOT_TAKEN, SENT_AGAIN, SUPPRESSED], ids=code)
def test_whatever_a_provider_wrote_is_kept_whole_in_a_reason(kind: ReasonKind, why: str):
    found = read_reason(kind.of(why=f"x{why}"))

    assert found is not None
    assert found.facts == {"why": f"x{why}"}


def test_a_reason_without_one_of_its_facts_is_not_made():
    with pytest.raises(KeyError):
        NO_ADDRESS.of(topic="news")


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("no email address", "no_address"),
        ("no consent: news refused", "channel_refused"),
        ("no consent: topic news refused", "topic_refused"),
        ("quiet hours: all day long", "always_quiet"),
        ("quiet hours; another way follows", "another_way"),
        ("sequence not completed: no paid", "sequence_part_missing"),
        ("unless", "send_unless"),
        ("unless order_placed", "unless"),
    ],
)
def test_what_is_near_is_not_taken_for_another(sentence: str, code: str):
    found = read_reason(sentence)

    assert found is not None
    assert found.code == code
