from __future__ import annotations

from datetime import timedelta

import httpx
from prometheus_client.parser import text_string_to_metric_families

from engine.core.identity import derived_id
from engine.runtime import Runtime
from engine.storage.database import Database
from engine.storage.delivery.circuits import close_circuits, open_circuit
from engine.storage.heartbeats import beat
from tests.api.conftest import batch, track


async def test_a_process_that_answers_is_live(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_monitors_that_want_no_words_are_answered_too(client: httpx.AsyncClient) -> None:
    answers = [await client.head("/health/live"), await client.head("/health/ready")]

    assert [answer.status_code for answer in answers] == [200, 503]


async def test_a_server_without_rules_is_not_ready_and_says_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert "kogda publish" in answer.json()["detail"]


async def test_a_server_with_rules_is_ready_whether_workers_run_or_not(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _publish(database)

    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["workers"]) == (200, 0)


async def test_a_server_on_old_tables_is_not_ready(client: httpx.AsyncClient, database: Database) -> None:
    await _publish(database)
    async with database.connection() as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '0000'")

    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert "kogda migrate" in answer.json()["detail"]


async def test_a_server_whose_successor_has_migrated_the_tables_stays_ready(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _publish(database)
    async with database.connection() as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")

    assert (await client.get("/health/ready")).status_code == 200


async def test_metrics_count_what_came_in(client: httpx.AsyncClient) -> None:
    await client.post("/v1/batch", content=batch(track(messageId="a"), track(messageId="a"), {"type": "nope"}))
    await client.post("/v1/batch", content=b"{")

    text = (await client.get("/metrics")).text

    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert figures["kogda_events_total", "accepted"] == 1
    assert figures["kogda_events_total", "duplicate"] == 1
    assert figures["kogda_events_total", "rejected"] == 1
    assert figures["kogda_requests_total", "batch", "200"] == 1
    assert figures["kogda_requests_total", "batch", "400"] == 1
    assert figures["kogda_request_seconds_count", "events"] == 2
    assert figures["kogda_database_up",] == 1


async def _publish(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """WITH made AS (INSERT INTO rule_set (hash, plan, templates, settings) VALUES ('h', '{}', '{}', '{}')
                             RETURNING id)
               INSERT INTO publication (rule_set) SELECT id FROM made"""
        )


async def test_a_database_that_is_gone_is_not_described_to_strangers(
    runtime: Runtime, client: httpx.AsyncClient, database: Database
) -> None:
    await database.close()
    await runtime.database.close()

    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database does not answer; the server's log says why"


async def test_metrics_show_messages_that_do_not_get_out(client: httpx.AsyncClient, database: Database) -> None:
    async with database.connection() as connection:
        for number, (state, attempts) in enumerate([("queued", 0), ("queued", 3), ("sent", 1), ("failed", 2)]):
            await connection.execute(
                "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
                " transactional, state, attempts, due_at) VALUES (0, $1, $1, $1, 'r', 1, 0, 'email', 't', '{}',"
                " false, $2, $3, now())",
                derived_id("message", str(number)),
                state,
                attempts,
            )

    text = (await client.get("/metrics")).text

    assert "kogda_messages_retrying 1.0" in text
    assert 'kogda_messages_recent{state="sent"} 1.0' in text
    assert 'kogda_messages_recent{state="failed"} 1.0' in text
    assert 'kogda_messages{state="queued"} 2.0' in text


async def test_metrics_show_what_each_live_worker_has_done(client: httpx.AsyncClient, database: Database) -> None:
    worker = derived_id("worker", "1")
    async with database.connection() as connection:
        counts = {"attempts": {"sent": 3, "failed": 1}, "decided": {"events": 7}}
        await beat(connection, worker, {"since": 0.0, "counts": counts})

    text = (await client.get("/metrics")).text

    assert f'kogda_attempts_total{{outcome="sent",worker="{worker}"}} 3.0' in text
    assert f'kogda_decided_total{{what="events",worker="{worker}"}} 7.0' in text


async def test_metrics_show_a_provider_only_while_it_is_down(client: httpx.AsyncClient, database: Database) -> None:
    async with database.connection() as connection:
        await open_circuit(connection, "email", "unreachable", timedelta(seconds=30))
    while_down = (await client.get("/metrics")).text
    async with database.connection() as connection:
        await close_circuits(connection, ["email"])

    afterwards = (await client.get("/metrics")).text

    assert 'kogda_providers_down{channel="email"} 1.0' in while_down
    assert "kogda_providers_down{" not in afterwards
