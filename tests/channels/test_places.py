"""Places at a provider: marketing leaves one, service overtakes, and who is stuck holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.channels.places import Places
from tests.simulation.virtual_loop import in_made_time


class Guests:
    def __init__(self, places: Places) -> None:
        self.places = places
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """Those whose name begins with `service` are such."""
        for name in names:
            self._leave[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._stay(name))
        await self._settle()

    async def leave(self, *names: str) -> None:
        for name in names:
            self._leave[name].set()
        await self._settle()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await self._settle()

    async def _stay(self, name: str) -> None:
        place = await self.places.take(is_service=name.startswith("service"))
        try:
            self.inside.append(name)
            await self._leave[name].wait()
        finally:
            self.places.leave(place)
        self.inside.remove(name)

    async def _settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(1):
        while not true():
            await asyncio.sleep(0.005)


@in_made_time
async def test_marketing_leaves_one_place_for_service_messages():
    guests = Guests(Places(4))

    await guests.come("a", "b", "c", "d", "service 1")

    assert guests.inside == ["a", "b", "c", "service 1"]
    await guests.leave("service 1", "a")
    assert guests.inside == ["b", "c", "d"]


@in_made_time
async def test_service_messages_overtake_marketing_that_waits():
    guests = Guests(Places(2))
    await guests.come("a", "b", "c", "service 1")

    await guests.leave("a")

    assert guests.inside == ["b", "service 1"]


@pytest.mark.parametrize("total", [1, 2, 3])
@in_made_time
async def test_few_places_are_all_for_everybody(total: int):
    guests = Guests(Places(total))

    await guests.come("a", "b", "c")

    assert len(guests.inside) == total


@in_made_time
async def test_who_is_stuck_holds_nobody_up():
    guests = Guests(Places(2, stuck_s=0.02))

    await guests.come("stuck 1", "stuck 2", "c", "d")
    await until(lambda: "c" in guests.inside)

    assert guests.inside == ["stuck 1", "stuck 2", "c"]  # one more, and not two: providers count connections
    await guests.leave("stuck 1", "stuck 2", "c")
    await until(lambda: guests.inside == ["d"])


@in_made_time
async def test_a_place_is_not_lost_to_who_gave_up_waiting():
    guests = Guests(Places(1))
    await guests.come("a", "b", "c")

    await guests.give_up("b")
    await guests.leave("a")

    assert guests.inside == ["c"]


@in_made_time
async def test_who_is_stuck_is_known_sooner_while_others_come_and_go():
    guests = Guests(Places(2, stuck_s=60, stuck_beside_others_s=0.02))
    await guests.come("stuck", *(f"guest {number}" for number in range(20)))

    async with asyncio.timeout(1):
        while len(guests.inside) < 3:
            await asyncio.sleep(0.005)
            await guests.leave(guests.inside[1])

    assert guests.inside[0] == "stuck"
    await guests.leave(*(f"guest {number}" for number in range(20)), "stuck")


@in_made_time
async def test_a_provider_that_is_slow_for_everybody_gets_no_more_connections():
    guests = Guests(Places(2, stuck_s=60, stuck_beside_others_s=0.01))
    began = asyncio.get_running_loop().time()

    await guests.come("a", "b", "c")
    await until(lambda: asyncio.get_running_loop().time() > began + 0.05)

    assert guests.inside == ["a", "b"]
    await guests.leave("a", "b", "c")
