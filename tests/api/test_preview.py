"""The page /preview: published templates, before anybody gets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dsl.plan import Plan
from engine.core.identity import customer_id, partition_of
from engine.flow.publishing.publish_rules import publish
from engine.runtime import Runtime
from tests.api.conftest import client_of

TEMPLATES = {
    "email/cart.mjml": '---\nsubject: "Hello {{ customer.first_name }}"\n---\n<mjml><mj-body><mj-section><mj-column>'
    "<mj-text>{{ event.total | money }}</mj-text></mj-column></mj-section></mj-body></mjml>",
    "email/cart.ru.mjml": "---\nsubject: Привет\n---\n<mjml><mj-body></mj-body></mjml>",
    "email/broken.html": "---\nsubject: x\n---\n{{ 'a' | date }}",
}


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    plan = Plan(rules=(), timezone="Europe/Berlin", currency="EUR")
    await publish(runtime.database, plan, templates=TEMPLATES, settings={"name": "Teplo"})
    async with client_of(runtime) as client:
        client.auth = ("admin-key", "")
        yield client


async def shown(client: httpx.AsyncClient, path: str = "", **query: Any) -> httpx.Response:
    return await client.get(f"/preview{path}", params=query)


async def test_nobody_sees_it_without_the_key(client: httpx.AsyncClient):
    client.auth = None

    assert [(await shown(client)).status_code, (await shown(client, "/body", template="cart")).status_code] == [
        401,
        401,
    ]


async def test_an_invented_reader_gets_the_mail(client: httpx.AsyncClient):
    page = (await shown(client, template="cart")).text
    text = (await shown(client, template="cart", view="text")).text

    assert "<h1>Hello Anna</h1>" in page and 'src="/preview/body?template=cart"' in page
    assert "€42.00" in text


async def test_the_phone_is_as_wide_as_a_phone(client: httpx.AsyncClient):
    assert 'class="sheet phone"' in (await shown(client, template="cart", view="phone")).text


async def test_a_language_can_be_chosen(client: httpx.AsyncClient):
    assert "<h1>Привет</h1>" in (await shown(client, template="cart", locale="ru")).text


async def test_somebody_who_exists_gets_the_mail(runtime: Runtime, client: httpx.AsyncClient):
    wanted = customer_id("u:42")
    async with runtime.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO customer (partition, id, key, first_seen, attributes) VALUES ($1, $2, 'u:42', now(), $3)",
            partition_of(wanted, runtime.partitions),
            wanted,
            {"first_name": "Olga"},
        )

    page = (await shown(client, template="cart", customer="42")).text

    assert "<h1>Hello Olga</h1>" in page


async def test_nobody_of_that_name_and_a_template_that_fails_are_said(client: httpx.AsyncClient):
    nobody = (await shown(client, template="cart", customer="nobody")).text
    broken = (await shown(client, template="broken")).text

    assert "there is no customer nobody" in nobody
    assert "is not a date" in broken


async def test_the_mail_itself_is_foreign_to_the_browser(client: httpx.AsyncClient):
    body = await shown(client, "/body", template="cart")

    assert body.status_code == 200 and "€42.00" in body.text
    assert "sandbox" in body.headers["content-security-policy"]
