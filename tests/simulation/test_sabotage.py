"""A simulation is worth what it finds: a safeguard that is taken out of the engine's statements shows in some world."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.sabotage import SABOTAGES, Sabotage
from tests.simulation.worlds import Report


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda each: each.name)
def test_a_safeguard_that_is_taken_out_is_missed(play: Callable[..., Report], sabotage: Sabotage) -> None:
    reports = (play(seed, sabotage) for seed in sabotage.found_by)

    assert any(report.failure for report in reports)
