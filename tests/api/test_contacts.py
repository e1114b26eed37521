"""Devices and browsers of customers: told by apps and pages, written to by rules, taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from dsl import plan
from engine.base64url import from_text, to_text
from engine.channels.credentials import Credentials
from engine.channels.http_post import HttpPoster
from engine.channels.push import signer_of
from engine.channels.registry import Registry
from engine.channels.web_push_sealing import point_of, private_key
from engine.keeping import keeper
from engine.links.push_clicks import sign_click
from engine.runtime import Runtime
from engine.storage.customers.contacts import MOST
from tests.api.inbox_shop import open_inbox_shop, token, write
from tests.channels.http_sink import HttpSink, answer
from tests.engine.flow.shop import Shop, known

DEVICE = "cGFtcGxl0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"
KEYS = {"p256dh": to_text(point_of(private_key(bytes(range(32))))), "auth": to_text(b"0123456789abcdef")}
BROWSER = {"endpoint": "https://push.example/send/abc", "expirationTime": None, "keys": KEYS}
PUSH = {"provider": "push", "contact": "mailto:push@shop.example"}


@pytest.fixture
async def shop(runtime: Runtime) -> Shop:
    shop = await open_inbox_shop(runtime, channel="push", settings={"channels": {"email": {}, "push": PUSH}})
    await shop.post(shop.identify("anna", first_name="Anna"), shop.identify("boris", first_name="Boris"))
    await shop.advance()
    return shop


async def alive(shop: Shop) -> list[tuple[UUID, str]]:
    rows = await shop.fetch("SELECT customer, address FROM contact WHERE gone_at IS NULL ORDER BY added_at")
    return [tuple(row) for row in rows]


async def tell(client: httpx.AsyncClient, **said: Any) -> httpx.Response:
    return await client.post("/v1/contacts", json={"channel": "push", **said})


async def test_an_app_tells_the_device_of_its_customer(shop: Shop, client: httpx.AsyncClient):
    answers = [await tell(client, userId="anna", address=DEVICE, platform="android") for _ in range(2)]

    [row] = await shop.fetch("SELECT customer, address, detail FROM contact")
    assert [each.json() for each in answers] == [{"success": True}] * 2
    assert tuple(row) == (known("anna"), DEVICE, {"platform": "android"})


async def test_a_page_tells_the_subscription_of_its_browser(shop: Shop, client: httpx.AsyncClient):
    client.auth = None

    answer = await tell(client, writeKey="test-key", userId="anna", subscription=BROWSER, key="BPub")

    [row] = await shop.fetch("SELECT address, detail FROM contact")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert tuple(row) == (BROWSER["endpoint"], {**KEYS, "key": "BPub"})


async def test_a_token_says_whose_it_is_whatever_else_is_said(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    client.auth = None

    answer = await tell(client, token=token(runtime, "anna"), userId="boris", address=DEVICE)

    assert answer.status_code == 200
    assert await alive(shop) == [(known("anna"), DEVICE)]


async def test_a_device_belongs_to_the_one_who_is_signed_in_last(shop: Shop, client: httpx.AsyncClient):
    await tell(client, userId="anna", address=DEVICE)

    await tell(client, userId="boris", address=DEVICE)

    assert await alive(shop) == [(known("boris"), DEVICE)]


async def test_a_device_of_a_merged_customer_is_the_other_ones(shop: Shop, client: httpx.AsyncClient):
    await shop.post(shop.merge_known("anna", "boris"))
    await shop.advance()

    await tell(client, userId="anna", address=DEVICE)

    assert await alive(shop) == [(known("boris"), DEVICE)]


async def test_nobody_has_more_devices_than_are_written_to(shop: Shop, client: httpx.AsyncClient):
    for number in range(MOST + 3):
        await tell(client, userId="anna", address=f"{DEVICE}{number}")

    assert [address for _, address in await alive(shop)] == [f"{DEVICE}{number}" for number in range(3, MOST + 3)]


async def test_what_is_taken_back_is_not_written_to(shop: Shop, client: httpx.AsyncClient):
    await tell(client, userId="anna", address=DEVICE)
    await tell(client, userId="boris", subscription=BROWSER)

    for whose, said in (("boris", {"address": DEVICE}), ("boris", {"subscription": BROWSER})):
        await client.request("DELETE", "/v1/contacts", json={"userId": whose, **said})

    assert await alive(shop) == [(known("anna"), DEVICE)]
    await client.request("DELETE", "/v1/contacts", json={"address": DEVICE})
    assert await alive(shop) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param({"address": DEVICE}, "userId or anonymousId", id="nobody's"),
        pytest.param({"userId": "anna"}, "address is the token", id="no address"),
        pytest.param({"userId": "anna", "address": "short"}, "the token that Firebase", id="no token"),
        pytest.param({"userId": "anna", "address": DEVICE, "channel": "sms"}, "channel is push", id="another channel"),
        pytest.param({"userId": "x" * 300, "address": DEVICE}, "at most 256", id="a long name"),
        pytest.param({"userId": "a\0", "address": DEVICE}, "no character", id="a zero"),
        pytest.param({"userId": "anna", "address": "a\0"}, "no character", id="a zero in the address"),
        pytest.param({"userId": "anna", "address": DEVICE, "app": "a\0"}, "app holds", id="a zero beside it"),
        pytest.param({"userId": "anna", "subscription": BROWSER, "key": "a\0"}, "key holds", id="a zero in the key"),
        pytest.param({"userId": ["anna"], "address": DEVICE}, "userId is a text", id="a list"),
        pytest.param({"userId": "a", "subscription": {**BROWSER, "keys": {}}}, "p256dh is missing", id="no keys"),
        pytest.param(
            {"userId": "a", "subscription": {**BROWSER, "keys": 7}}, "p256dh is missing", id="keys of no kind"
        ),
        pytest.param(
            {"userId": "a", "subscription": {**BROWSER, "keys": {**KEYS, "auth": "AAAA"}}}, "auth 16", id="a short key"
        ),
        pytest.param(
            {"userId": "a", "subscription": {**BROWSER, "keys": {**KEYS, "p256dh": KEYS["p256dh"][:-4] + "AAAA"}}},
            "no point of the curve",
            id="no point",
        ),
        *[
            pytest.param(
                {"userId": "a", "subscription": {**BROWSER, "endpoint": address}}, "begins with https", id=name
            )
            for name, address in {
                "http": "http://push.example/1",
                "a name in it": "https://u:p@push.example/1",
                "no host": "https:///1",
                "a line break": "https://push.example/\n1",
                "no port": "https://push.example:99999/1",
                "too long": "https://push.example/" + "x" * 1000,
                "a script": "javascript:alert(1)",
            }.items()
        ],
    ],
)
async def test_what_is_no_contact_is_answered_in_words(
    shop: Shop, client: httpx.AsyncClient, said: Mapping[str, Any], reason: str
):
    answer = await tell(client, **said)

    assert answer.status_code == 422
    assert reason in answer.json()["detail"]
    assert await alive(shop) == []


async def test_what_is_no_address_is_not_taken_back(client: httpx.AsyncClient):
    answer = await client.request("DELETE", "/v1/contacts", json={"userId": "anna", "address": "a\0"})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"[]", 422), (b"\xff", 400), (b'{"x":"' + b"x" * 20_000 + b'"}', 413), (b"", 400)],
)
async def test_what_is_no_body_is_answered_in_words(client: httpx.AsyncClient, content: bytes, status: int):
    answer = await client.post("/v1/contacts", content=content)

    assert answer.status_code == status


@pytest.mark.parametrize("said", [{}, {"writeKey": "wrong"}, {"token": "a.b.c"}, {"token": 7}])
async def test_a_stranger_tells_nothing(shop: Shop, client: httpx.AsyncClient, said: Mapping[str, Any]):
    client.auth = None

    answer = await tell(client, userId="anna", address=DEVICE, **said)

    assert answer.status_code == 401
    assert await alive(shop) == []


async def test_browsers_are_given_the_key_of_this_server(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    answer = await client.get("/v1/push/key")

    key = from_text(answer.json()["key"])
    assert (len(key), key[0]) == (65, 4)
    assert answer.json()["key"] == signer_of(PUSH, Credentials({}, runtime.link_key)).public


async def test_without_push_to_browsers_there_is_no_key(runtime: Runtime, client: httpx.AsyncClient):
    await open_inbox_shop(runtime)

    assert (await client.get("/v1/push/key")).status_code == 404


async def test_a_push_that_is_pressed_is_told_to_the_rules_once(
    shop: Shop, runtime: Runtime, client: httpx.AsyncClient
):
    await tell(client, userId="anna", address=DEVICE)
    await write(shop, "anna")
    [message] = await shop.fetch("SELECT partition, id FROM message")
    said = {"clicked": sign_click(runtime.link_key, message["partition"], message["id"])}

    answers = [await client.post("/v1/push/clicked", json=said) for _ in range(2)]
    wrong = await client.post("/v1/push/clicked", json={"clicked": said["clicked"][:-1] + "_"})

    events = await shop.fetch("SELECT name FROM event WHERE source = 'kogda'")
    assert [each.status_code for each in (*answers, wrong)] == [200, 200, 404]
    assert [event["name"] for event in events] == ["push_clicked"]


# From the rule to the browser


async def test_a_browser_is_written_to_and_left_alone_once_it_is_gone(
    shop: Shop, runtime: Runtime, client: httpx.AsyncClient
):
    poster = HttpPoster(allows_private=True)
    runtime.settings.webhooks_private = True
    runtime.registry = Registry(poster, {}, keeper(runtime.database), is_real=True, link_key=runtime.link_key)
    async with HttpSink(script=lambda number: answer(201 if number == 0 else 410)).running() as sink:
        endpoint = f"http://127.0.0.1:{sink.port}/send/abc"
        await tell(client, userId="anna", subscription={**BROWSER, "endpoint": endpoint})

        for _ in range(3):
            await write(shop, "anna")

    rows = await shop.fetch("SELECT state, address, reason FROM message ORDER BY created_at")
    assert len(sink.requests) == 2
    assert [(row["state"], row["address"]) for row in rows] == [
        ("sent", endpoint),
        ("failed", endpoint),
        ("suppressed", None),
    ]
    assert [row["reason"] for row in rows][1:] == [
        "127.0.0.1 answered 410: the browser takes no more messages",
        "no push address",
    ]
    assert await alive(shop) == []
    await poster.close()


async def test_a_server_without_its_account_shows_pushes_on_the_mailbox_page(
    runtime: Runtime, client: httpx.AsyncClient
):
    settings = {"channels": {"push": {"provider": "push", "firebase_env": "ACCOUNT"}}}
    shop = await open_inbox_shop(runtime, channel="push", settings=settings)
    await tell(client, userId="anna", address=DEVICE)

    await write(shop, "anna")

    [kept] = await shop.fetch("SELECT channel, recipient, subject FROM mailbox")
    assert tuple(kept) == ("push", DEVICE, "Your cart")


async def test_who_has_no_device_gets_the_next_way(runtime: Runtime):
    shop = await open_inbox_shop(runtime, channel="push", fallbacks=(plan.Recipient(channel="inapp", template="cart"),))

    await write(shop, "anna", "by another way")

    assert await shop.value("SELECT text FROM inbox_message") == "by another way"
    rows = await shop.fetch("SELECT channel, state FROM message ORDER BY created_at, channel DESC")
    assert [tuple(row) for row in rows] == [("push", "suppressed"), ("inapp", "sent")]


async def test_scripts_are_served_to_every_origin(client: httpx.AsyncClient):
    answers = [await client.get(path) for path in ("/push/sw.js", "/push/kogda.js", "/inbox/kogda-inbox.js")]

    again = await client.get("/push/sw.js", headers={"if-none-match": answers[0].headers["etag"]})
    assert {each.headers["content-type"] for each in answers} == {"text/javascript; charset=utf-8"}
    assert {each.headers["access-control-allow-origin"] for each in answers} == {"*"}
    assert json.loads(answers[0].text.partition("=")[2].partition(";")[0]) == "http://127.0.0.1:8000"
    assert again.status_code == 304
