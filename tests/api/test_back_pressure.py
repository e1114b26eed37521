from __future__ import annotations

import asyncpg

from engine.runtime import Runtime
from engine.storage.events.backlog import BacklogState
from tests.api.conftest import ADMIN_KEY, Stored, batch, client_of, track


async def test_while_events_wait_too_long_to_be_decided_no_more_come_in(runtime: Runtime, stored: Stored) -> None:
    async with client_of(runtime) as client:
        await client.post("/v1/track", json=track("undecided"))
        await _age_events(runtime, "11 minutes")
        gate = client._transport.app.state.services.gate  # type: ignore[attr-defined]
        await gate.refresh()

        answer = await client.post("/v1/track", json=track())

    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) > 0
    assert await stored.names() == ["undecided"]


async def test_the_gate_opens_again_when_the_events_are_decided(runtime: Runtime) -> None:
    async with client_of(runtime) as client:
        await client.post("/v1/track", json=track())
        await _age_events(runtime, "11 minutes")
        gate = client._transport.app.state.services.gate  # type: ignore[attr-defined]
        await gate.refresh()
        behind = gate.state
        await _decide_all(runtime)
        await gate.refresh()

        answer = await client.post("/v1/track", json=track())

    assert behind.partitions_behind == 1
    assert behind.oldest_age_s > 600
    assert gate.state == BacklogState(0.0, 0)
    assert answer.status_code == 200


async def test_a_database_that_is_gone_is_a_503_and_nothing_is_lost_of_what_was_accepted(
    runtime: Runtime, database_url: str, stored: Stored
) -> None:
    async with client_of(runtime) as client:
        await client.post("/v1/track", json=track("before"))
        await _rename_event_table(database_url, "event", "event_away")
        during = await client.post("/v1/batch", content=batch(track("during", messageId="m-1"), {"type": "nope"}))
        await _rename_event_table(database_url, "event_away", "event")

        again = await client.post("/v1/batch", content=batch(track("during", messageId="m-1")))

    assert (during.status_code, during.json()["code"]) == (503, "overloaded")
    assert again.status_code == 200
    assert await stored.names() == ["before", "during"]
    assert await stored.rejects() == []


async def test_a_closed_pool_is_a_503_on_every_route(runtime: Runtime) -> None:
    async with client_of(runtime) as client:
        await runtime.database.close()

        answers = [
            await client.post("/v1/track", json=track()),
            await client.get("/health/ready"),
            await client.get("/api/rejects", auth=(ADMIN_KEY, "")),
        ]
        metrics = await client.get("/metrics")

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert "kogda_database_up 0.0" in metrics.text


async def _age_events(runtime: Runtime, age: str) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute("UPDATE event SET received_at = now() - $1::text::interval", age)


async def _decide_all(runtime: Runtime) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute("UPDATE partition_cursor SET xid = pg_current_xact_id()")


async def _rename_event_table(url: str, old: str, new: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
    await connection.close()
