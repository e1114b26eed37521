"""Reports, listings and the mailbox page read a copy of the database when there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.cli.report import _load
from engine.clock import utc_now
from engine.embedded import EmbeddedServices
from engine.runtime import open_runtime
from engine.storage.database import Database
from tests.api.conftest import ADMIN_KEY, api_settings, client_of
from tests.databases import own_database
from tests.engine.delivery.outbox import PARTITIONS, Outbox

LISTINGS = ("/api/messages", "/api/reports/messages", "/api/customers/u:anna", "/api/runs?customer=u:anna")


@pytest.fixture
async def copy_url(services: EmbeddedServices, database_url: str, template_database: str) -> AsyncIterator[str]:
    """A database that differs: a message and a customer stand in it alone."""
    async with own_database(services, f"TEMPLATE {template_database}") as url:
        database = Database(url)
        await database.open()
        outbox = Outbox(database)
        await outbox.customer()
        await outbox.message(state="sent", rule="Cart")
        await database.close()
        yield url


async def answers(database_url: str, read_url: str | None) -> dict[str, httpx.Response]:
    settings = api_settings(database_url, read_database_url=read_url, partitions=PARTITIONS)
    async with open_runtime(settings) as runtime, client_of(runtime) as client:
        return {path: await client.get(path, auth=(ADMIN_KEY, "")) for path in LISTINGS}


async def test_those_who_only_look_are_answered_by_the_copy(database_url: str, copy_url: str):
    found = await answers(database_url, copy_url)

    assert [item["rule"] for item in found["/api/messages"].json()["items"]] == ["Cart"]
    assert [line["rule"] for line in found["/api/reports/messages"].json()["messages"]] == ["Cart"]
    assert found["/api/customers/u:anna"].json()["key"] == "u:anna"
    assert len(found["/api/runs?customer=u:anna"].json()["items"]) == 1


async def test_what_is_told_goes_to_the_database_itself(database_url: str, copy_url: str):
    settings = api_settings(database_url, read_database_url=copy_url)
    async with open_runtime(settings) as runtime, client_of(runtime) as client:
        event = {"type": "track", "userId": "7", "event": "order_placed", "messageId": "m"}
        accepted = await client.post("/v1/batch", json={"batch": [event]})
        async with runtime.database.connection() as connection:
            here = await connection.fetchval("SELECT count(*) FROM event")
        async with runtime.reading.connection() as connection:
            there = await connection.fetchval("SELECT count(*) FROM event")

    assert (accepted.status_code, here, there) == (200, 1, 0)


async def test_without_an_answer_of_the_copy_the_database_itself_answers(database_url: str, tmp_path: Path):
    found = await answers(database_url, f"postgresql://kogda@/kogda?host={tmp_path}")

    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(LISTINGS, 200) | {
        "/api/customers/u:anna": 404
    }


async def test_the_report_of_the_command_reads_the_copy(database_url: str, copy_url: str):
    found = await _load(api_settings(database_url, read_database_url=copy_url), 30)

    assert [line.subject.rule for line in found.lines] == ["Cart"]
    assert found.until <= utc_now()
