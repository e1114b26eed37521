"""More arrives than can be stored: who is refused is told when to come back, who was accepted is not touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from api.ingest.in_hand import InHand
from api.server.gate import BacklogGate
from engine.errors import Overloaded
from engine.runtime import Runtime
from engine.storage.database import Database
from tests.api.conftest import KEY, LiveServer, Stored, api_settings, batch, client_of, live, track

LARGE = 60  # events: more bytes than the room of the server below


@pytest.fixture
def narrow_server(database_url: str) -> Iterator[LiveServer]:
    with live(api_settings(database_url, max_in_hand_bytes=4096)) as server:
        yield server


@pytest.fixture
async def crowd(narrow_server: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=narrow_server.url, auth=(KEY, ""), timeout=60) as client:
        yield client


async def test_while_there_is_enough_in_hand_batches_are_refused_and_what_was_accepted_is_stored(
    crowd: httpx.AsyncClient, database_url: str, stored: Stored
) -> None:
    async with _storing_stands_still(database_url):
        accepted = asyncio.create_task(crowd.post("/v1/batch", content=_batch_of("accepted")))
        await _until_in_hand(crowd)
        refused = await asyncio.gather(*(crowd.post("/v1/batch", content=_batch_of("refused")) for _ in range(9)))
    answer = await accepted

    assert {(each.status_code, each.json()["code"]) for each in refused} == {(503, "overloaded")}
    assert {each.headers["retry-after"] for each in refused} == {"1", "2", "3"}
    assert answer.status_code == 200
    assert await stored.names() == ["accepted"] * LARGE
    assert await _figure(crowd, 'kogda_requests_overloaded_total{short_of="room"}') == 9


async def test_a_single_event_finds_room_when_batches_do_not(
    crowd: httpx.AsyncClient, database_url: str, stored: Stored
) -> None:
    async with _storing_stands_still(database_url):
        first = asyncio.create_task(crowd.post("/v1/batch", content=_batch_of("earlier")))
        await _until_in_hand(crowd)
        single = asyncio.create_task(crowd.post("/v1/track", json=track("single")))
        refused = await crowd.post("/v1/batch", content=_batch_of("refused"))
    answers = [await first, await single]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert refused.status_code == 503
    assert sorted(await stored.names()) == ["earlier"] * LARGE + ["single"]


async def test_there_is_room_again_when_the_answer_is_given(crowd: httpx.AsyncClient, stored: Stored) -> None:
    answers = [await crowd.post("/v1/batch", content=_batch_of("again")) for _ in range(3)]
    broken = await crowd.post("/v1/batch", content=b"[" + b" " * 9000)

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert broken.status_code == 400
    assert await _figure(crowd, "kogda_in_hand_bytes") == 0
    assert await stored.names() == ["again"] * 3 * LARGE


def test_a_body_waits_for_less_than_itself_however_large_it_is() -> None:
    room = InHand(10_000)

    with room.taken(80_000), room.taken(90_000), pytest.raises(Overloaded), room.taken(95_000):
        pass

    assert room.bytes == 0


def test_bodies_whose_end_does_not_come_fill_no_more_than_is_allowed() -> None:
    room = InHand(10_000, most_arriving=100_000)
    room.arrives(60_000)

    with pytest.raises(Overloaded):
        room.arrives(60_000)
    room.arrived(60_000)

    room.arrives(60_000)
    assert room.arriving == 60_000


@pytest.mark.parametrize(
    ("ages_s", "retry_after_s"),
    [
        pytest.param((700, 650), 10, id="it falls by 5 seconds a second, 50 are too many"),
        pytest.param((700, 605), 5, id="as good as open"),
        pytest.param((700, 699), 120, id="not soon"),
        pytest.param((700, 700), 120, id="it does not fall"),
    ],
)
async def test_a_closed_gate_says_when_the_workers_will_have_caught_up(
    runtime: Runtime, database: Database, ages_s: tuple[int, int], retry_after_s: int
) -> None:
    now = iter((0.0, 10.0))
    gate = BacklogGate(database, max_age_s=600, clock=lambda: next(now))
    await _one_undecided_event(runtime)
    for age_s in ages_s:
        async with database.connection() as connection:
            await connection.execute("UPDATE event SET received_at = now() - make_interval(secs => $1)", float(age_s))
        await gate.refresh()

    with pytest.raises(Overloaded) as refused:
        gate.check()

    assert abs(refused.value.retry_after_s - retry_after_s) <= 1


async def _one_undecided_event(runtime: Runtime) -> None:
    async with client_of(runtime) as client:
        assert (await client.post("/v1/track", json=track())).status_code == 200


@asynccontextmanager
async def _storing_stands_still(url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE event_key IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def _until_in_hand(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while not await _figure(client, "kogda_in_hand_bytes"):
            pass


async def _figure(client: httpx.AsyncClient, name: str) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


def _batch_of(event: str) -> bytes:
    return batch(*(track(event, properties={"text": "x" * 100}) for _ in range(LARGE)))
