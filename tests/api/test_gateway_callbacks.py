"""Calls of any provider of sms, as kogda.yaml describes them: what people answer, what arrived."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest

from engine.callbacks.proofs import hmac_sha256
from engine.flow.checking.load_workspace import load_workspace
from engine.runtime import Runtime, open_runtime
from engine.storage.database import Database
from tests.api.conftest import api_settings, client_of
from tests.engine.delivery.outbox import SETTINGS, Outbox

FORM = {"signature": "X-Sign", "sender": "inbound.msisdn", "text": "inbound.body", "id": "inbound.id"}
REPORT = {"id": "id", "status": "state", "delivered": ["3"], "failed": ["5"]}
PLAIN: dict[str, Any] = {}


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    async with open_runtime(api_settings(database_url, partitions=8)) as runtime:
        runtime.secrets = {"GW": "s3cret"}
        yield runtime


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox(database)
    await outbox.customer(phone="+49 (170) 123-45-67")
    return outbox


@pytest.fixture
async def provider(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(runtime) as client:
        client.auth = None  # type: ignore[assignment]
        yield client


async def set_up(outbox: Outbox, form: dict[str, Any]) -> None:
    await outbox.publish(settings={**SETTINGS, "callbacks": {"secrets": {"gateway": "GW"}, "gateway": form}})


def reply(text: str, ident: str = "in-1") -> bytes:
    return orjson.dumps({"inbound": {"msisdn": 491701234567, "body": text, "id": ident}})


async def call(provider: httpx.AsyncClient, body: bytes, *, secret: str = "s3cret") -> httpx.Response:
    signed = hmac_sha256(secret.encode(), body)
    return await provider.post("/callbacks/gateway", content=body, headers={"x-sign": f"sha256={signed.hex()}"})


async def events(outbox: Outbox) -> list[tuple[str, dict[str, Any]]]:
    rows = await outbox.fetch("SELECT name, body FROM event WHERE source = 'kogda' ORDER BY xid, seq")
    return [(row["name"], row["body"]["properties"]) for row in rows]


async def test_what_a_customer_writes_is_an_event_once(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, FORM)
    message = await outbox.message(channel="sms", state="sent")

    answers = [await call(provider, reply("When do you open?")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    about = {"message_id": str(message), "rule": "reminder", "template": "cart"}
    assert await events(outbox) == [("message_replied", {"channel": "sms", "text": "When do you open?", **about})]


async def test_stop_takes_consent_back_and_start_gives_it_again(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, FORM)
    consents = []

    for number, word in enumerate(["Стоп", "START"]):
        await call(provider, reply(word, f"in-{number}"))
        [row] = await outbox.fetch("SELECT consent FROM customer")
        consents.append(row["consent"])

    assert consents == [{"sms": False}, {"sms": True}]
    assert [name for name, _ in await events(outbox)] == ["sms_unsubscribed", "sms_subscribed"]


async def test_what_arrived_and_what_did_not_are_events(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, REPORT)
    for number, ident in enumerate(["g-1", "g-2", "g-3"]):
        await outbox.message(f"m{number}", channel="sms", state="sent", provider_id=ident)

    for ident, state in (("g-1", 3), ("g-2", 5), ("g-3", 1)):
        body = orjson.dumps({"id": ident, "state": state})
        await provider.post("/callbacks/gateway", content=body, headers={"authorization": "Bearer s3cret"})

    assert [name for name, _ in await events(outbox)] == ["sms_delivered", "sms_failed"]


async def test_a_form_with_the_secret_in_a_header_will_do(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, PLAIN)
    form = urlencode({"from": "+491701234567", "text": "Hello", "id": "7"})

    answer = await provider.post("/callbacks/gateway", content=form, headers={"x-kogda-secret": "s3cret"})

    assert answer.json() == {"reports": 0, "unknown": 0, "repeated": False}
    assert [name for name, _ in await events(outbox)] == ["message_replied"]


async def test_a_signature_in_base64_will_do(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, FORM)
    signed = base64.b64encode(hmac_sha256(b"s3cret", reply("Hello"))).decode()

    answer = await provider.post("/callbacks/gateway", content=reply("Hello"), headers={"X-Sign": signed})

    assert answer.status_code == 200


async def test_who_cannot_sign_is_not_listened_to(outbox: Outbox, provider: httpx.AsyncClient):
    await set_up(outbox, FORM)

    wrong = await call(provider, reply("STOP"), secret="another")
    unsigned = await provider.post("/callbacks/gateway", content=reply("STOP"))
    by_secret = await provider.post(
        "/callbacks/gateway", content=reply("STOP"), headers={"authorization": "Bearer s3cret"}
    )

    assert [each.status_code for each in (wrong, unsigned, by_secret)] == [403, 401, 401]
    assert await events(outbox) == []


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff=1", b'{"inbound": [1, {"msisdn": {}}]}', b"[]", b'{"inbound": {"msisdn": "12", "body": "STOP"}}'],
)
async def test_what_nobody_can_read_changes_nothing(outbox: Outbox, provider: httpx.AsyncClient, body: bytes):
    await set_up(outbox, FORM)

    answer = await call(provider, body)

    assert answer.status_code in (200, 400)
    assert await events(outbox) == []


def test_the_form_of_calls_stands_in_kogda_yaml(tmp_path: Path):
    callbacks = "{secret_env: GW, signature: X-Sign, from: inbound.msisdn, delivered: [3], channel: viber}"
    (tmp_path / "kogda.yaml").write_text(f"language: 1\ncallbacks:\n  gateway: {callbacks}\n")
    (tmp_path / "schema.yaml").write_text("events:\n  pinged: {}\n")

    checked = load_workspace(tmp_path)

    form = {"signature": "X-Sign", "sender": "inbound.msisdn", "delivered": ["3"], "channel": "viber"}
    assert [each.code for each in checked.diagnostics if each.code[0] == "E"] == []
    assert checked.settings["callbacks"]["gateway"] == form
    assert checked.settings["callbacks"]["secrets"] == {"gateway": "GW"}


def test_a_gateway_without_a_secret_is_refused(tmp_path: Path):
    (tmp_path / "kogda.yaml").write_text("language: 1\ncallbacks:\n  gateway: {from: msisdn}\n")
    (tmp_path / "schema.yaml").write_text("events:\n  pinged: {}\n")

    assert [each.code for each in load_workspace(tmp_path).diagnostics if each.code[0] == "E"] == ["E507"]
