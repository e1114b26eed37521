"""Erasing and exporting a person over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from engine.core.identity import customer_id, partition_of
from engine.storage.database import Database
from tests.api.conftest import ADMIN_KEY


@pytest.fixture
async def anna(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    """An admin's client, and a customer."""
    customer = customer_id("u:anna")
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO customer (partition, id, key, email) VALUES ($1, $2, 'u:anna', 'anna@example.com')",
            partition_of(customer, await connection.fetchval("SELECT partitions FROM installation")),
            customer,
        )
    client.auth = httpx.BasicAuth(ADMIN_KEY, "")
    return client


async def test_a_person_is_exported_then_erased_then_unknown(anna: httpx.AsyncClient):
    export = await anna.get("/api/customers/u:anna/export")
    erased = await anna.delete("/api/customers/u:anna")
    again = [await anna.delete("/api/customers/u:anna"), await anna.get("/api/customers/u:anna/export")]

    assert export.json()["customers"][0]["email"] == "anna@example.com"
    assert (erased.status_code, erased.json()) == (200, {"customers": 1, "rows": {"customer": 1}})
    assert [(answer.status_code, answer.json()["code"]) for answer in again] == [(404, "unknown_customer")] * 2


async def test_a_write_key_can_do_neither(anna: httpx.AsyncClient):
    anna.auth = httpx.BasicAuth("test-key", "")

    answers = [await anna.delete("/api/customers/u:anna"), await anna.get("/api/customers/u:anna/export")]

    assert [answer.status_code for answer in answers] == [401, 401]


async def test_a_message_that_is_being_handed_over_is_told_of(anna: httpx.AsyncClient, database: Database):
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
            " transactional, due_at, state) SELECT partition, id, id, id, 'cart', 1, 0, 'email', 'cart', '{}', false,"
            " $1, 'sending' FROM customer",
            datetime(2026, 3, 2, tzinfo=UTC),
        )

    answer = await anna.delete("/api/customers/u:anna")

    assert (answer.status_code, answer.json()["code"]) == (503, "still_in_hand")
    assert answer.headers["retry-after"] == "60"
