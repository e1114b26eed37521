"""What people answer to an sms, from Twilio's call to the event and to their consent."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from engine.callbacks.proofs import hmac_sha1
from engine.runtime import Runtime
from engine.storage.database import Database
from tests.engine.delivery.outbox import SETTINGS, Outbox

URL = "https://mail.shop.example"
PHONE = "+491701234567"


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"public_url": URL, "partitions": 8}


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    runtime.secrets = {"TW": "12345"}
    return runtime


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox(database)
    await outbox.publish(settings={**SETTINGS, "callbacks": {"secrets": {"twilio": "TW"}}})
    await outbox.customer(phone="+49 (170) 123-45-67")
    return outbox


async def write(provider: httpx.AsyncClient, text: str, *, token: str = "12345", **more: str) -> httpx.Response:
    form = {"MessageSid": "SM1", "SmsStatus": "received", "From": PHONE, "To": "+15005550006", "Body": text} | more
    signed = f"{URL}/callbacks/twilio" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac_sha1(token.encode(), signed.encode())).decode()
    head = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return await provider.post("/callbacks/twilio", content=urlencode(form), headers=head)


async def events(outbox: Outbox) -> list[tuple[str, dict[str, Any]]]:
    rows = await outbox.fetch("SELECT name, body FROM event WHERE source = 'kogda' ORDER BY xid, seq")
    return [(row["name"], row["body"]["properties"]) for row in rows]


async def consents(outbox: Outbox) -> dict[str, dict[str, bool]]:
    return {row["key"]: row["consent"] for row in await outbox.fetch("SELECT key, consent FROM customer")}


async def test_what_a_customer_writes_is_an_event_that_knows_the_last_sms(outbox: Outbox, provider: httpx.AsyncClient):
    message = await outbox.message(channel="sms", state="sent")

    first = await write(provider, "When do you open?")
    again = await write(provider, "When do you open?")

    assert (first.status_code, first.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert first.text.endswith("<Response/>"), "anything else would be sent to the phone"
    assert again.status_code == 200
    about = {"message_id": str(message), "rule": "reminder", "template": "cart"}
    assert await events(outbox) == [("message_replied", {"channel": "sms", "text": "When do you open?", **about})]
    assert await consents(outbox) == {"u:anna": {}}


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Стоп", "«Отписаться»"])
async def test_stop_takes_consent_back_for_everybody_with_this_number(
    outbox: Outbox, provider: httpx.AsyncClient, text: str
):
    await outbox.customer("u:ben", phone="0049170 1234567")
    await outbox.customer("u:carl", phone="+491709999999")

    answer = await write(provider, text)

    assert answer.status_code == 200
    assert await consents(outbox) == {"u:anna": {"sms": False}, "u:ben": {"sms": False}, "u:carl": {}}
    told = {name: properties for name, properties in await events(outbox)}
    assert told == {"sms_unsubscribed": {"channel": "sms", "how": "reply"}}


@pytest.mark.parametrize("text", ["START", "unstop", "Старт!", "yes"])
async def test_start_brings_back_who_left_by_this_number(outbox: Outbox, provider: httpx.AsyncClient, text: str):
    await outbox.customer("u:ben", phone="0049170 1234567")
    await write(provider, "STOP")
    await outbox.customer("u:carl", phone="0049170 1234567")

    await write(provider, text, MessageSid="SM2")

    assert await consents(outbox) == {"u:anna": {"sms": True}, "u:ben": {"sms": True}, "u:carl": {}}
    assert [name for name, _ in await events(outbox)] == ["sms_unsubscribed"] * 2 + ["sms_subscribed"] * 2
    rows = await outbox.fetch("SELECT DISTINCT how, detail->>'said' AS said FROM consent_entry WHERE given")
    assert [tuple(row) for row in rows] == [("reply", text)]


async def test_start_of_somebody_who_never_left_is_a_yes_of_the_one_whom_we_wrote_to_last(
    outbox: Outbox, provider: httpx.AsyncClient
):
    await outbox.customer("u:ben", phone="0049170 1234567")
    await outbox.message(key="u:ben", channel="sms", state="sent")

    await write(provider, "START")

    assert await consents(outbox) == {"u:anna": {}, "u:ben": {"sms": True}}


async def test_yes_of_somebody_who_gets_messages_is_an_answer(outbox: Outbox, provider: httpx.AsyncClient):
    await write(provider, "Yes")

    assert await consents(outbox) == {"u:anna": {}}
    assert [name for name, _ in await events(outbox)] == ["message_replied"]


async def test_start_lifts_what_twilio_refused_because_of_stop_and_nothing_else(
    outbox: Outbox, provider: httpx.AsyncClient
):
    await outbox.change(
        "INSERT INTO suppression (channel, address, reason) VALUES ('sms', $1, 'Twilio: unsubscribed (21610)'),"
        " ('whatsapp', $1, 'asked on the phone')",
        PHONE,
    )

    await write(provider, "START")
    await write(provider, "START", From=f"whatsapp:{PHONE}", MessageSid="SM2")

    assert [row["channel"] for row in await outbox.fetch("SELECT channel FROM suppression")] == ["whatsapp"]


async def test_a_start_that_is_replayed_after_a_new_no_changes_nothing(outbox: Outbox, provider: httpx.AsyncClient):
    await write(provider, "START")
    await outbox.change("UPDATE customer SET consent = '{\"sms\": false}'")

    await write(provider, "START")

    assert await consents(outbox) == {"u:anna": {"sms": False}}


async def test_stop_in_a_sentence_is_a_sentence(outbox: Outbox, provider: httpx.AsyncClient):
    await write(provider, "Please do not stop")

    assert await consents(outbox) == {"u:anna": {}}
    assert [name for name, _ in await events(outbox)] == ["message_replied"]


async def test_a_stop_that_is_replayed_after_a_new_yes_changes_nothing(outbox: Outbox, provider: httpx.AsyncClient):
    await write(provider, "STOP")
    await outbox.change("UPDATE customer SET consent = '{\"sms\": true}'")

    await write(provider, "STOP")

    assert await consents(outbox) == {"u:anna": {"sms": True}}


async def test_a_reply_that_twilio_did_not_sign_is_not_listened_to(outbox: Outbox, provider: httpx.AsyncClient):
    answer = await write(provider, "STOP", token="54321")

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_signature")
    assert await consents(outbox) == {"u:anna": {}}


async def test_a_stranger_changes_nothing(outbox: Outbox, provider: httpx.AsyncClient):
    answers = [
        await write(provider, "STOP", From="+4930111111"),
        await write(provider, "x", From="?", MessageSid="SM2"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await events(outbox) == []
