"""A lane takes what waits together, and under load leaves room for others."""

from __future__ import annotations

import pytest

from engine.flow.advancing.advance_partition import Progress
from engine.worker.pace import Pace, Turn

LONG_AGO = -100.0  # the batch before


def pause(progress: Progress, *, took_s: float = 0.01, before: float = LONG_AGO, in_bulk: bool = False) -> float:
    """After a batch that begins at 0; the one before it began at `before`."""
    pace = Pace()
    pace.pause_s(Turn({1}, Progress(events=1), before, before), in_bulk=False)
    return pace.pause_s(Turn({1, 2}, progress, 0.0, took_s), in_bulk=in_bulk)


def after(pace: Pace, pending: list[int], *, events: int, more: bool) -> int:
    """The width of the batch that follows one of what `pace` chooses."""
    chosen = pace.choose(pending)
    left = frozenset(chosen) if more else frozenset()
    pace.pause_s(Turn(chosen, Progress(events=events, more=left), 0.0, 0.1), in_bulk=False)
    return len(pace.choose(pending))


def test_the_more_events_there_are_the_more_come_together_for_a_batch():
    pauses = [pause(Progress(events=events)) for events in (0, 1, 100, 1000, 1999)]

    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[2] < pauses[3] == pauses[4] <= 0.2


def test_enough_of_them_are_not_made_to_wait_for_more():
    slow, fast = (pause(Progress(events=1000), before=-gathered_s) for gathered_s in (0.2, 0.05))

    assert slow == pytest.approx(0.19)
    assert fast == pytest.approx(0.04)


def test_what_came_while_a_batch_was_under_way_has_waited_long_enough():
    pauses = [pause(Progress(events=500), took_s=took_s) for took_s in (0.01, 0.1, 1.0)]

    assert pauses[0] == pytest.approx(pauses[1] + 0.09)
    assert pauses[2] == 0
    assert pause(Progress(), took_s=1.0) > 0, "where nothing could be done a lane must not turn without a pause"


@pytest.mark.parametrize(
    ("progress", "waits"),
    [
        pytest.param(Progress(events=2000), False, id="a full batch"),
        pytest.param(Progress(events=78, more=frozenset({3})), False, id="a partition has more"),
        pytest.param(Progress(timers=1000, more=frozenset({3})), False, id="more timers are due"),
        pytest.param(Progress(more=frozenset({3})), True, id="nothing could be done"),
    ],
)
def test_what_a_batch_has_left_does_not_wait_for_what_comes(progress: Progress, waits: bool):
    assert (pause(progress) > 0) == waits


def test_beside_hundreds_of_timers_events_come_together():
    assert pause(Progress(events=1), in_bulk=True) > 3 * pause(Progress(events=1))


def test_a_batch_takes_all_that_wait():
    pace = Pace()

    assert after(pace, list(range(32)), events=300, more=False) == 32
    assert after(pace, list(range(32)), events=2500, more=False) == 32, "it was full, and nothing is left"


def test_partitions_with_more_than_a_batch_takes_are_taken_a_few_at_a_time():
    pace = Pace()

    widths = [after(pace, list(range(32)), events=2500, more=True) for _ in range(5)]

    assert widths == [16, 8, 4, 4, 4]


def test_those_that_wait_longest_come_first():
    pace = Pace()
    after(pace, list(range(8)), events=2500, more=True)

    assert pace.choose([7, 3, 5, 1, 2]) == [7, 3, 5, 1]


def test_what_is_left_of_a_load_is_taken_together_again():
    pace = Pace()
    for _ in range(3):
        after(pace, list(range(32)), events=2500, more=True)

    widths = [after(pace, list(range(32)), events=500, more=False) for _ in range(5)]

    assert widths == [8, 16, 32, 32, 32]


def test_the_others_that_wait_are_not_kept_waiting_while_batches_are_narrow():
    pace = Pace()
    after(pace, list(range(32)), events=2500, more=True)

    assert pace.pause_s(Turn(range(16), Progress(events=100), 0.0, 0.01), in_bulk=False) == 0
