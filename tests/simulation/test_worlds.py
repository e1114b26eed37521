"""Whatever goes wrong, and in whatever order: `python -m tests.simulation --seed N` tells the story of one world."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.drills.sizes import sized
from tests.drills.stage import Record
from tests.simulation.sabotage import BREAKDOWN
from tests.simulation.worlds import Report

Play = Callable[..., Report]

#: So many take four minutes of two processors. KOGDA_SEEDS=100 plays fewer.
SEEDS = int(os.environ.get("KOGDA_SEEDS") or sized(2_000, 10_000, 50_000))
TOGETHER = 30


@pytest.mark.parametrize(
    "first", range(0, SEEDS, TOGETHER), ids=lambda first: f"seeds {first} to {first + TOGETHER - 1}"
)
def test_in_over_a_thousand_worlds_every_law_holds(play: Play, first: int, record_property: Record) -> None:
    reports = [play(seed) for seed in range(first, min(first + TOGETHER, SEEDS))]

    compared, faults = sum(each.compared for each in reports), sum(each.faults for each in reports)
    for name, value in {"worlds": len(reports), "customers compared": compared, "faults": faults}.items():
        record_property(name, value)
    assert [f"seed {each.seed}: {each.failure}" for each in reports if each.failure] == []
    assert compared >= len(reports) // 2  # customers, held against the oracle
    assert faults >= len(reports)


@pytest.mark.parametrize("seed", [617, 1970, 6000, 6479])
def test_what_a_world_beyond_them_has_told_stays_mended(play: Play, seed: int) -> None:
    assert play(seed).failure is None


@pytest.mark.parametrize("seed", [5, 23, 24])
def test_a_seed_goes_the_same_way_whatever_was_played_before(play: Play, seed: int) -> None:
    first = play(seed)
    play(seed + 1)

    again = play(seed)

    assert again.trace == first.trace


def test_a_world_that_breaks_down_is_told_and_takes_no_other_with_it(play: Play) -> None:
    before = play(5)

    broken = play(5, BREAKDOWN)

    assert broken.failure is not None
    after = play(5)
    assert after.failure is None
    assert after.trace == before.trace
