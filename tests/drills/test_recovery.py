"""What the card calls recovery: a server's time, not the drill's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from api.drill.client import Acknowledged
from api.drill.run import longest_recovery
from api.drill.sink import Arrival
from api.drill.stories import Story


def recovery(fault: float, *told: tuple[float, float, float]) -> float | None:
    """Of events whose first request, answered request and mail were at these moments."""
    acknowledged = [
        Acknowledged(Story(str(number), orders=True, stars=5), begun, sent, sent)
        for number, (begun, sent, _) in enumerate(told)
    ]
    arrivals = [Arrival(mail, str(number)) for number, (*_, mail) in enumerate(told)]
    client: Any = SimpleNamespace(acknowledged=acknowledged)
    faults: Any = SimpleNamespace(sink=SimpleNamespace(arrivals=arrivals), moments=[(fault, "api")])
    return longest_recovery(client, faults)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ([(9.0, 9.0, 9.5), (10.1, 10.1, 12.0)], 1.9),
        ([(9.0, 14.0, 15.0)], 5.0),
        ([(9.0, 9.0, 11.0), (40.0, 40.0, 41.0)], 1.0),
        ([(9.0, 9.0, 30.0)], None),
    ],
    ids=["the next event", "one that was tried again", "after a rest of the drill's own", "nothing sent after it"],
)
def test_it_counts_from_the_fault_or_from_the_next_event(told: list[Any], seconds: float | None) -> None:
    found = recovery(10.0, *told)

    assert found == pytest.approx(seconds)
