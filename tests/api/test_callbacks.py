"""Calls of providers, from the request to events and dead addresses."""

# ruff: noqa: E501

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from engine.callbacks.proofs import hmac_sha1, hmac_sha256
from engine.channels import Sent, TryLater, Verdict
from engine.channels.http_post import Answer, Post
from engine.clock import utc_now
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import Runtime
from engine.storage.database import Database
from tests.engine.callbacks import test_ses as amazon
from tests.engine.delivery.outbox import SETTINGS, Outbox

URL = "https://mail.shop.example"
SECRETS = {"MG": "key-1", "PM": "postmark:hunter2", "RS": "whsec_" + base64.b64encode(bytes(32)).decode(), "MAIL": "k"}
CALLBACKS = {
    "secrets": {"mailgun": "MG", "postmark": "PM", "resend": "RS", "sendgrid": "MISSING", "mail": "MAIL"},
    "topic": amazon.TOPIC,
    "soft_bounces": 2,
}


@dataclass
class ScriptedAsker:
    answers: dict[str, Answer | TryLater] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, post: Post) -> Answer | TryLater:
        self.asked.append((post.method, post.url))
        return self.answers.get(post.url, Answer(status=404, body=b"", host="amazonaws.com"))

    async def post(self, post: Post) -> Verdict:
        return Sent(post.url)

    async def close(self) -> None:
        pass


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"public_url": URL, "partitions": 8}


@pytest.fixture
async def runtime(runtime: Runtime) -> Runtime:
    await runtime.poster.close()
    runtime.poster = ScriptedAsker()
    runtime.secrets = SECRETS
    return runtime


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox(database)
    await outbox.publish(settings={**SETTINGS, "callbacks": CALLBACKS})
    await outbox.customer()
    return outbox


def mailgun(
    message: UUID, event: str = "delivered", *, token: str = "", at: datetime | None = None, **more: Any
) -> bytes:
    now = at or utc_now()
    seconds, token = str(int(now.timestamp())), token or f"{message}{event}"
    signature = hmac_sha256(b"key-1", (seconds + token).encode()).hex()
    told = {
        "event": event,
        "timestamp": now.timestamp(),
        "recipient": "anna@example.com",
        "message": {"headers": {"message-id": f"{message}@shop.example"}},
        **more,
    }
    return orjson.dumps(
        {"signature": {"timestamp": seconds, "token": token, "signature": signature}, "event-data": told}
    )


async def sent(outbox: Outbox, name: str = "m1", **values: Any) -> UUID:
    message = await outbox.message(name, **values)
    await deliver_messages(outbox.runtime)
    return message


async def told(outbox: Outbox) -> list[tuple[str, dict[str, Any]]]:
    rows = await outbox.fetch("SELECT name, body FROM event ORDER BY xid, seq")
    return [(row["name"], row["body"]["properties"]) for row in rows]


async def dead(outbox: Outbox) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await outbox.fetch("SELECT channel, address, reason FROM suppression")]


async def test_a_report_becomes_an_event_of_the_customer_once(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)
    body = mailgun(message)

    first = await provider.post("/callbacks/mailgun", content=body)
    again = await provider.post("/callbacks/mailgun", content=body)

    assert (first.status_code, first.json()) == (200, {"reports": 1, "unknown": 0, "repeated": False})
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert await told(outbox) == [
        (
            "email_delivered",
            {"message_id": str(message), "channel": "email", "rule": "reminder", "template": "cart"},
        )
    ]


async def test_the_same_news_in_another_call_is_no_second_event(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)

    for token in ("a", "b"):
        await provider.post("/callbacks/mailgun", content=mailgun(message, token=token))

    assert [name for name, _ in await told(outbox)] == ["email_delivered"]


async def test_a_hard_bounce_ends_the_address_at_once(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)
    body = mailgun(message, "failed", severity="permanent", **{"delivery-status": {"message": "550 no such user"}})

    await provider.post("/callbacks/mailgun", content=body)
    second = await outbox.message("m2")
    await deliver_messages(outbox.runtime)

    [(name, properties)] = await told(outbox)
    assert (name, properties["hard"], properties["reason"]) == ("email_bounced", True, "550 no such user")
    assert await dead(outbox) == [("email", "anna@example.com", "hard bounce: 550 no such user")]
    assert (await outbox.row(second))["state"] == "suppressed"


async def test_a_complaint_ends_the_address_at_once(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)

    await provider.post("/callbacks/mailgun", content=mailgun(message, "complained"))

    assert [name for name, _ in await told(outbox)] == ["email_complained"]
    assert await dead(outbox) == [("email", "anna@example.com", "complained")]


async def test_soft_bounces_end_an_address_only_in_a_row(outbox: Outbox, provider: httpx.AsyncClient):
    first, second, third, fourth = [await sent(outbox, name) for name in ("m1", "m2", "m3", "m4")]
    soft = {"severity": "permanent", "reason": "old"}

    await provider.post("/callbacks/mailgun", content=mailgun(first, "failed", **soft))
    await provider.post("/callbacks/mailgun", content=mailgun(first, "failed", token="again", **soft))
    await provider.post("/callbacks/mailgun", content=mailgun(second))
    await provider.post("/callbacks/mailgun", content=mailgun(third, "failed", **soft))
    one_in_a_row = await dead(outbox)
    await provider.post("/callbacks/mailgun", content=mailgun(fourth, "failed", **soft))

    assert one_in_a_row == []
    assert await dead(outbox) == [("email", "anna@example.com", "2 soft bounces in a row: old")]


async def test_a_message_that_is_none_of_ours_is_accepted_and_counted(outbox: Outbox, provider: httpx.AsyncClient):
    stranger = UUID(int=7)

    answer = await provider.post("/callbacks/mailgun", content=mailgun(stranger, "complained"))
    figures = await provider.get("/metrics")

    assert (answer.status_code, answer.json()) == (200, {"reports": 1, "unknown": 1, "repeated": False})
    assert await told(outbox) == []
    assert await dead(outbox) == []
    assert 'kogda_callbacks_total{provider="mailgun",verdict="unknown"} 1.0' in figures.text


async def test_an_address_that_is_dead_for_others_is_dead_for_us(outbox: Outbox, provider: httpx.AsyncClient):
    body = mailgun(UUID(int=7), "failed", severity="permanent", recipient="Gone@example.com")

    await provider.post("/callbacks/mailgun", content=body)

    assert [(channel, address) for channel, address, _ in await dead(outbox)] == [("email", "gone@example.com")]


async def test_opens_that_a_provider_saw_count_when_a_person_opened(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)
    machine = {"client-info": {"user-agent": "Mozilla/5.0"}}
    person = {"client-info": {"user-agent": "Mozilla/5.0 (iPhone) AppleWebKit"}}

    await provider.post("/callbacks/mailgun", content=mailgun(message, "opened", token="a", **machine))
    by_machine = await told(outbox)
    await provider.post("/callbacks/mailgun", content=mailgun(message, "opened", token="b", **person))

    assert by_machine == []
    assert [name for name, _ in await told(outbox)] == ["email_opened"]


async def test_a_click_on_a_link_of_ours_is_left_to_us(outbox: Outbox, provider: httpx.AsyncClient):
    message = await sent(outbox)

    for token, url in (("a", f"{URL}/l/abc"), ("b", "https://shop.example/x")):
        await provider.post("/callbacks/mailgun", content=mailgun(message, "clicked", token=token, url=url))

    assert [properties["link"] for _, properties in await told(outbox)] == ["https://shop.example/x"]


async def test_a_provider_that_knows_only_its_own_name_for_a_message(outbox: Outbox, provider: httpx.AsyncClient):
    outbox.channel.answer = Sent("883953f4-6105-42a2-a16a-77a8eac79483")
    message = await sent(outbox)
    body = {
        "RecordType": "Delivery",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Recipient": "anna@example.com",
        "DeliveredAt": utc_now().isoformat(),
    }

    answer = await provider.post("/callbacks/postmark", json=body, auth=("postmark", "hunter2"))

    assert answer.json()["unknown"] == 0
    assert [properties["message_id"] for _, properties in await told(outbox)] == [str(message)]


async def test_a_provider_that_tells_neither_is_understood_by_address_and_time(
    outbox: Outbox, provider: httpx.AsyncClient
):
    message = await sent(outbox)
    now = utc_now()
    body = orjson.dumps(
        {
            "type": "email.delivered",
            "created_at": now.isoformat(),
            "data": {"created_at": now.isoformat(), "email_id": "e-1", "to": ["Anna@example.com"]},
        }
    )
    seconds = str(int(now.timestamp()))
    signature = base64.b64encode(hmac_sha256(bytes(32), f"msg_1.{seconds}.".encode() + body)).decode()
    headers = {"svix-id": "msg_1", "svix-timestamp": seconds, "svix-signature": f"v1,{signature}"}

    answer = await provider.post("/callbacks/resend", content=body, headers=headers)

    assert answer.json() == {"reports": 1, "unknown": 0, "repeated": False}
    assert [properties["message_id"] for _, properties in await told(outbox)] == [str(message)]


async def test_amazon_is_believed_with_its_certificate_which_is_fetched_once(
    outbox: Outbox, provider: httpx.AsyncClient, runtime: Runtime
):
    asker = runtime.poster
    assert isinstance(asker, ScriptedAsker)
    certificate = amazon.keys()[1]
    asker.answers[amazon.CERTIFICATE_URL] = Answer(status=200, body=certificate, host="amazonaws.com")
    message = await sent(outbox)
    now = utc_now().isoformat()
    mail = {"messageId": "e-1", "headers": [{"name": "Message-ID", "value": f"<{message}@shop.example>"}]}

    answers = []
    for number, kind in enumerate(("delivery", "complaint")):
        recipients = {
            "recipients": ["anna@example.com"],
            "complainedRecipients": [{"emailAddress": "anna@example.com"}],
        }
        event = {"eventType": kind.title(), kind: {"timestamp": now, **recipients}, "mail": mail}
        body = amazon.signed(event, Timestamp=now, MessageId=f"id-{number}")
        answers.append(await provider.post("/callbacks/ses", content=body, headers={"content-type": "text/plain"}))

    assert [answer.json() for answer in answers] == [{"reports": 1, "unknown": 0, "repeated": False}] * 2
    assert [name for name, _ in await told(outbox)] == ["email_delivered", "email_complained"]
    assert asker.asked == [("GET", amazon.CERTIFICATE_URL)]


async def test_a_subscription_of_amazon_is_confirmed(outbox: Outbox, provider: httpx.AsyncClient, runtime: Runtime):
    asker = runtime.poster
    assert isinstance(asker, ScriptedAsker)
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
    for each, body in ((amazon.CERTIFICATE_URL, amazon.keys()[1]), (url, b"<ok/>")):
        asker.answers[each] = Answer(status=200, body=body, host="amazonaws.com")
    now = utc_now().isoformat()

    body = amazon.signed(Type="SubscriptionConfirmation", SubscribeURL=url, Token="abc", Timestamp=now)
    answer = await provider.post("/callbacks/ses", content=body)

    assert answer.status_code == 200
    assert ("GET", url) in asker.asked


async def test_when_amazon_cannot_be_asked_it_calls_again(
    outbox: Outbox, provider: httpx.AsyncClient, runtime: Runtime
):
    asker = runtime.poster
    assert isinstance(asker, ScriptedAsker)
    asker.answers[amazon.CERTIFICATE_URL] = TryLater("no answer")

    answer = await provider.post("/callbacks/ses", content=amazon.signed())

    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        pytest.param("mailgun", b"{}", 401, "not_authenticated", id="unsigned"),
        pytest.param("mailgun", mailgun(UUID(int=1)).replace(b"delivered", b"complained").replace(b'signature":"', b'signature":"0'), 403, "wrong_signature", id="wrong"),
        pytest.param("mailgun", mailgun(UUID(int=1), at=utc_now() - timedelta(minutes=6)), 403, "wrong_signature", id="old"),
        pytest.param("postmark", b"{}", 401, "not_authenticated", id="no secret"),
        pytest.param("ses", b"{}", 401, "not_authenticated", id="no message of sns"),
        pytest.param("twilio", b"", 404, "not_set_up", id="not in kogda.yaml"),
        pytest.param("sendgrid", b"[]", 503, "not_ready", id="no secret in the environment"),
        pytest.param("paloma", b"", 404, "not_found", id="unknown provider"),
        pytest.param("mailgun", b"x" * (3 * 1024 * 1024), 413, "too_large", id="too large"),
    ],
)  # fmt: skip
async def test_what_is_not_verified_is_refused_and_changes_nothing(
    outbox: Outbox, provider: httpx.AsyncClient, path: str, content: bytes, status: int, code: str
):
    answer = await provider.post(f"/callbacks/{path}", content=content)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await outbox.fetch("SELECT FROM callback") == []


async def test_twilio_is_known_by_the_token_that_sms_are_sent_with(
    outbox: Outbox, provider: httpx.AsyncClient, runtime: Runtime
):
    sms = {"provider": "twilio", "account": "AC1", "token_env": "TW", "from": "+15017122661"}
    await outbox.publish(settings={**SETTINGS, "channels": {"email": {}, "sms": sms}})
    runtime.secrets = {"TW": "12345"}
    message = await sent(outbox)
    await outbox.change("UPDATE message SET channel = 'sms', provider_id = 'SM1', address = '+15558675310'")
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+15558675310"}
    signed = f"{URL}/callbacks/twilio" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac_sha1(b"12345", signed.encode())).decode()

    answers = [
        await provider.post("/callbacks/twilio", data=form, headers={"x-twilio-signature": each})
        for each in (signature, signature, "AAAA")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert [answer.json().get("repeated") for answer in answers] == [False, True, None]
    [(name, properties)] = await told(outbox)
    assert (name, properties["message_id"]) == ("sms_failed", str(message))
    assert [each[:2] for each in await dead(outbox)] == [("sms", "+15558675310")]


async def test_verified_nonsense_is_told_apart(outbox: Outbox, provider: httpx.AsyncClient):
    answer = await provider.post("/callbacks/postmark", content=b"<html>", auth=("postmark", "hunter2"))

    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_callback")
