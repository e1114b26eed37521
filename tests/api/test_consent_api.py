"""Consent and suppressed addresses, for programs of the operator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.api.conftest import client_of
from tests.api.consent_shop import ConsentShop, links_in, open_consent_shop


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[ConsentShop]:
    shop = await open_consent_shop(database)
    async with shop.client:
        yield shop


async def test_the_history_says_who_said_what_when_and_how(shop: ConsentShop):
    handover = await shop.sent("news")
    await shop.client.post(links_in(handover)["Stop"], data={"scope": "topic"})

    answer = (await shop.client.get("/api/customers/u:anna/consent")).json()

    assert answer["consent"] == {"news": False}
    [line] = answer["items"]
    assert (line["what"], line["given"], line["how"]) == ("news", False, "unsubscribe link")
    assert line["message"] == str(handover.message)


async def test_nobody_is_told_of_as_nobody(shop: ConsentShop):
    assert (await shop.client.get("/api/customers/u:nobody/consent")).status_code == 404


async def test_an_address_is_put_on_the_list_and_taken_from_it(shop: ConsentShop):
    path = "/api/suppressions/email/Anna@Example.com"

    put = await shop.client.put(path, json={"reason": "asked on the phone"})
    listed = (await shop.client.get("/api/suppressions", params={"kind": "manual", "address": "ANNA"})).json()
    message = await shop.outbox.message("m1", template="invoice", transactional=True, rule="orders")
    await deliver_messages(shop.outbox.runtime)
    deleted, again = await shop.client.delete(path), await shop.client.delete(path)

    assert [put.status_code, deleted.status_code, again.status_code] == [204, 204, 404]
    [entry] = listed["items"]
    assert (entry["address"], entry["kind"], entry["reason"]) == ("anna@example.com", "manual", "asked on the phone")
    row = await shop.outbox.row(message)
    assert (row["state"], row["reason"]) == ("suppressed", "the address is suppressed: asked on the phone")


async def test_the_list_comes_in_pages(shop: ConsentShop):
    for number in range(5):
        await shop.client.put(f"/api/suppressions/email/{number}@b.example", json={})

    pages, after = [], None
    while not pages or after:
        given = {"limit": "2", **({"after": after} if after else {})}
        page = (await shop.client.get("/api/suppressions", params=given)).json()
        pages.append([item["address"][0] for item in page["items"]])
        after = page["next"]

    assert pages == [["4", "3"], ["2", "1"], ["0"]]


@pytest.mark.parametrize("path", ["email/nobody", "sms/0170", "email/a@b.example%0d%0aBcc:x", "E-mail/a@b.example"])
async def test_what_is_no_address_is_refused(shop: ConsentShop, path: str):
    answer = await shop.client.put(f"/api/suppressions/{path}", json={})

    assert answer.status_code in (404, 422)


async def test_strangers_read_nothing(shop: ConsentShop):
    async with client_of(shop.outbox.runtime, from_host="192.0.2.1") as stranger:
        answers: list[httpx.Response] = [
            await stranger.get("/api/customers/u:anna/consent"),
            await stranger.get("/api/suppressions"),
            await stranger.put("/api/suppressions/email/a@b.example", json={}),
        ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
