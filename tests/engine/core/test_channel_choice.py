"""`send best` learns: what a person reacts to comes first, mostly; what is not known is tried; runs repeat exactly."""

from __future__ import annotations

from collections import Counter
from statistics import mean, variance
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chance import Chance
from engine.core.delivery.channel_choice import EXPLORED, ChannelFacts, Reacted, Reactions, choose_channels
from engine.core.identity import derived_id

OFFERED = ("email", "sms", "push")
RUNS = [derived_id("run", str(number)) for number in range(2000)]


def facts(mine: dict[str, Reacted] | None = None, everybody: dict[str, Reacted] | None = None) -> ChannelFacts:
    return ChannelFacts(reachable=frozenset(OFFERED), reactions=Reactions(mine=mine or {}, everybody=everybody or {}))


def firsts(known: ChannelFacts, runs: list[UUID] = RUNS) -> dict[str, float]:
    """How often each channel comes first."""
    counts = Counter(choose_channels(OFFERED, known, Chance(run.bytes)).channels[0] for run in runs)
    return {channel: counts[channel] / len(runs) for channel in OFFERED}


EVEN = {channel: Reacted(200, 1000) for channel in OFFERED}


def test_where_no_reaction_was_ever_seen_the_order_of_the_workspace_holds():
    assert firsts(facts(everybody={"email": Reacted(0, 1000)})) == {"email": 1, "sms": 0, "push": 0}


def test_what_the_person_reacts_to_comes_first_and_the_others_keep_a_floor():
    shares = firsts(facts({"email": Reacted(1, 40), "sms": Reacted(30, 40), "push": Reacted(1, 40)}, EVEN))

    assert shares["sms"] > 0.9
    assert all(share > 0.5 / EXPLORED / len(OFFERED) for share in shares.values())


def test_a_person_of_whom_nothing_is_known_is_sent_what_works_for_everybody():
    shares = firsts(facts(everybody={"email": Reacted(10, 1000), "sms": Reacted(10, 1000), "push": Reacted(700, 1000)}))

    assert shares["push"] > 0.9


def test_few_messages_prove_little():
    of_two = firsts(facts({"sms": Reacted(2, 2)}, EVEN))
    of_forty = firsts(facts({"sms": Reacted(40, 40)}, EVEN))

    assert 1 / 3 < of_two["sms"] < of_forty["sms"]
    assert of_two["email"] > 0.1


def test_a_channel_on_which_no_reaction_can_be_seen_is_not_punished_for_its_silence():
    unseen = {"email": Reacted(200, 1000), "sms": Reacted(0, 1000), "push": Reacted(200, 1000)}

    shares = firsts(facts({"sms": Reacted(0, 50)}, unseen))

    assert shares["sms"] > 0.2


def test_the_reason_shows_the_rates_and_what_they_rest_on():
    choice = choose_channels(
        ("email", "sms"),
        ChannelFacts(
            reachable=frozenset({"email", "sms"}),
            reactions=Reactions(mine={"email": Reacted(1, 30), "sms": Reacted(20, 20)}, everybody=EVEN),
        ),
        Chance(RUNS[0].bytes),
    )

    assert choice.channels == ("sms", "email")
    assert choice.reason == "sms by reactions: email 8 % (1 of 30), sms 73 % (20 of 20)"


counts = st.builds(lambda reacted, more: Reacted(reacted, reacted + more), st.integers(0, 500), st.integers(0, 500))


@given(
    mine=st.dictionaries(st.sampled_from(OFFERED), counts),
    everybody=st.dictionaries(st.sampled_from(OFFERED), counts),
    reachable=st.frozensets(st.sampled_from(OFFERED)),
    run=st.uuids(),
)
def test_every_usable_channel_is_offered_once_and_a_repeated_choice_is_the_same(
    mine: dict[str, Reacted], everybody: dict[str, Reacted], reachable: frozenset[str], run: UUID
):
    known = ChannelFacts(reachable=reachable, reactions=Reactions(mine=mine, everybody=everybody))

    choice = choose_channels(OFFERED, known, Chance(run.bytes))

    assert sorted(choice.channels) == sorted(reachable or OFFERED)
    assert choose_channels(OFFERED, known, Chance(run.bytes)) == choice


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 1), (2, 8), (30, 3), (0.2, 40)])
def test_draws_follow_the_beta_distribution(a: float, b: float):
    draws = [Chance(run.bytes).beta(a, b, "x") for run in RUNS]

    expected = a / (a + b)
    spread = a * b / ((a + b) ** 2 * (a + b + 1))
    assert mean(draws) == pytest.approx(expected, abs=5 * (spread / len(draws)) ** 0.5)
    assert variance(draws) == pytest.approx(spread, rel=0.25)
    assert all(0 <= draw <= 1 for draw in draws)
