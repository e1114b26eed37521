"""Calls of other systems and notes to the staff, from a due message to a verdict in its row."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from standardwebhooks import Webhook

from engine.channels import Rejected, Sent, TryLater, Verdict
from engine.channels.dkim import DkimKey
from engine.channels.http_post import HttpPoster, Post
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.channels.http_sink import HttpSink
from tests.engine.delivery.outbox import SETTINGS, Outbox

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CRM = {"url": "https://crm.example/hooks", "secret_env": "CRM_SECRET"}
MANAGERS: dict[str, Any] = {
    "email": ["anna@shop.example", "boris@shop.example"],
    "telegram": {"chat": "-100", "token_env": "BOT"},
    "slack": {"url_env": "SLACK"},
    "shows": ["email", "city"],
}
KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()
SECRETS = {"CRM_SECRET": SECRET, "BOT": "123:abc", "SLACK": "https://hooks.slack.example/T0/B0/xyz"}


@dataclass
class ScriptedPoster:
    answer: Verdict = field(default_factory=lambda: Sent("200"))
    given: list[Post] = field(default_factory=list)

    async def post(self, post: Post) -> Verdict:
        self.given.append(post)
        return self.answer

    async def close(self) -> None:
        pass


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    outbox = Outbox(database)
    await outbox.publish(settings={**SETTINGS, "webhooks": {"crm_sync": CRM}, "staff": {"managers": MANAGERS}})
    await outbox.customer(
        email="client@example.com", attributes={"city": "Berlin", "secret": "x"}, consent={"email": False}
    )
    outbox.runtime.secrets = SECRETS
    outbox.runtime.poster = ScriptedPoster()
    return outbox


def posts(outbox: Outbox) -> list[Post]:
    assert isinstance(outbox.runtime.poster, ScriptedPoster)
    return outbox.runtime.poster.given


async def call(outbox: Outbox, name: str = "call", **values: Any) -> UUID:
    values = {"context": {"with": {"id": "anna"}}, "template": "crm_sync", "transactional": True} | values
    return await outbox.message(name, channel="webhook", **values)


async def note(outbox: Outbox, **values: Any) -> UUID:
    given = {"template": "managers", "transactional": True, "context": {"text": "VIP left a <cart>"}} | values
    return await outbox.message("note", channel="staff", **given)


# calls


async def test_a_call_is_signed_and_carries_what_the_rule_gave(outbox: Outbox):
    message = await call(outbox)

    await deliver_messages(outbox.runtime)

    [post] = posts(outbox)
    row = await outbox.row(message)
    assert post.url == "https://crm.example/hooks"
    assert Webhook(SECRET).verify(post.body, dict(post.headers)) == {
        "type": "crm_sync",
        "timestamp": row["created_at"].isoformat(),
        "data": {"id": "anna"},
    }
    assert (row["state"], row["address"], row["provider_id"], row["reason"]) == ("sent", "crm_sync", "200", None)


async def test_a_call_needs_no_consent_and_no_address_and_is_made_though_its_rule_is_gone(outbox: Outbox):
    message = await call(outbox, rule="of yesterday", end_reason="stop when order_placed")

    await deliver_messages(outbox.runtime)

    assert (await outbox.row(message))["state"] == "sent"


@pytest.mark.parametrize(
    ("verdict", "state", "reason"),
    [
        pytest.param(Rejected("crm answered 400"), "failed", "crm answered 400", id="refused"),
        pytest.param(TryLater("crm answered 503"), "queued", "crm answered 503", id="later"),
    ],
)
async def test_what_the_receiver_says_is_the_state_of_the_row(outbox: Outbox, verdict, state, reason):
    outbox.runtime.poster = ScriptedPoster(verdict)
    message = await call(outbox)

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"], row["attempts"]) == (state, reason, 1)


async def test_the_receiver_can_ask_for_a_pause(outbox: Outbox):
    outbox.runtime.poster = ScriptedPoster(TryLater("crm answered 429", after=timedelta(hours=3)))
    message = await call(outbox)

    await deliver_messages(outbox.runtime)

    assert (
        await outbox.fetch("SELECT due_at > now() + interval '179 minutes' FROM message WHERE id = $1", message)
    ) == [(True,)]


async def test_a_call_that_is_made_again_is_the_same_call(outbox: Outbox):
    outbox.runtime.poster = poster = ScriptedPoster(TryLater("crm answered 503"))
    await call(outbox)
    await deliver_messages(outbox.runtime)
    await outbox.change("UPDATE message SET due_at = now()")

    await deliver_messages(outbox.runtime)

    first, second = poster.given
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        pytest.param("", "the environment variable CRM_SECRET is not set", id="not set"),
        pytest.param("hunter2", "CRM_SECRET holds no secret: not whsec_ and base64", id="not a secret"),
    ],
)
async def test_without_a_secret_nothing_is_sent_and_the_call_waits(outbox: Outbox, secret, reason):
    outbox.runtime.secrets = {"CRM_SECRET": secret}
    message = await call(outbox)

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("queued", reason)
    assert posts(outbox) == []


async def test_a_target_that_left_kogda_yaml_is_not_called(outbox: Outbox):
    message = await call(outbox, template="old_crm")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("failed", 'kogda.yaml has no webhook "old_crm"')


async def test_a_call_whose_worker_died_is_made_again_whatever_the_policy(outbox: Outbox):
    await outbox.publish(
        settings={**SETTINGS, "webhooks": {"crm_sync": CRM}, "unknown_window": {"transactional": "hold"}}
    )
    message = await call(outbox)
    await outbox.change(
        "UPDATE message SET state = 'sending', attempt = gen_random_uuid(), attempts = 1,"
        " deadline = now() - interval '1 s'"
    )

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["maybe_duplicate"]) == ("sent", True)


async def test_no_run_hears_of_its_calls(outbox: Outbox):
    await call(outbox, run_state="sending")

    await deliver_messages(outbox.runtime)

    assert await outbox.fetch("SELECT * FROM outcome") == []


async def test_a_call_arrives_at_a_real_server(outbox: Outbox):
    async with HttpSink().running() as sink:
        url = f"http://localhost:{sink.port}/hooks"
        await outbox.publish(settings={**SETTINGS, "webhooks": {"crm_sync": {**CRM, "url": url}}})
        outbox.runtime.poster = HttpPoster(allows_private=True)
        message = await call(outbox)

        await deliver_messages(outbox.runtime)

        [(_, headers, body)] = sink.requests
        assert Webhook(SECRET).verify(body, headers)["data"] == {"id": "anna"}
        assert (await outbox.row(message))["state"] == "sent"
        await outbox.runtime.poster.close()


# notes to the staff


async def test_a_note_goes_each_way_that_its_group_has(outbox: Outbox):
    message = await note(outbox)

    await deliver_messages(outbox.runtime)

    telegram, slack = sorted(posts(outbox), key=lambda post: "slack" in post.url)
    mails = sorted(outbox.channel.given, key=lambda each: each.address)
    text = "VIP left a <cart>\n\nCustomer: anna\nemail: client@example.com\ncity: Berlin\nRule: reminder"
    assert [(each.address, each.content.subject, each.content.text) for each in mails] == [
        ("anna@shop.example", "VIP left a <cart>", text),
        ("boris@shop.example", "VIP left a <cart>", text),
    ]
    assert telegram.url == "https://api.telegram.org/bot123:abc/sendMessage"
    assert orjson.loads(telegram.body) == {"chat_id": "-100", "text": text}
    assert slack.url == SECRETS["SLACK"]
    assert orjson.loads(slack.body) == {"text": text.replace("<cart>", "&lt;cart&gt;")}
    states = await outbox.fetch("SELECT state, count(*) FROM message GROUP BY state")
    assert states == [("sent", 5)]
    assert (await outbox.row(message))["address"] == "managers"


async def test_a_note_by_telegram_goes_to_the_server_that_kogda_yaml_names(outbox: Outbox):
    channels = {"telegram": {"provider": "telegram", "token_env": "BOT", "url": "https://bots.shop.example/"}}
    staff = {"managers": {"telegram": MANAGERS["telegram"]}}
    await outbox.publish(settings={**SETTINGS, "staff": staff, "channels": channels})
    await note(outbox)

    await deliver_messages(outbox.runtime)

    assert [post.url for post in posts(outbox)] == ["https://bots.shop.example/bot123:abc/sendMessage"]


async def test_a_note_by_mail_is_signed_as_mails_to_customers_are(outbox: Outbox):
    signing = {"domain": "shop.example", "selector": "kogda", "key_env": "DKIM"}
    staff = {"managers": {"email": ["anna@shop.example"]}}
    await outbox.publish(settings={**SETTINGS, "staff": staff, "dkim": [signing]})
    outbox.runtime.secrets = {"DKIM": KEY}
    await note(outbox)

    await deliver_messages(outbox.runtime)

    [mail] = outbox.channel.given
    assert mail.content.dkim == (DkimKey("shop.example", "kogda", KEY),)


async def test_a_note_is_spread_once_though_one_way_fails(outbox: Outbox):
    outbox.runtime.poster = poster = ScriptedPoster(TryLater("slack answered 503"))
    await note(outbox)
    await deliver_messages(outbox.runtime)
    poster.answer = Sent("200")
    await outbox.change("UPDATE message SET due_at = now() WHERE state = 'queued'")

    await deliver_messages(outbox.runtime)

    assert len(outbox.channel.given) == 2
    assert len(poster.given) == 4
    assert await outbox.fetch("SELECT DISTINCT state FROM message") == [("sent",)]


async def test_a_note_tells_no_more_of_the_customer_than_its_group_is_shown(outbox: Outbox):
    await outbox.publish(settings={**SETTINGS, "staff": {"managers": {"email": ["anna@shop.example"]}}})
    await note(outbox)

    await deliver_messages(outbox.runtime)

    [mail] = outbox.channel.given
    assert mail.content.text == "VIP left a <cart>\n\nCustomer: anna\nRule: reminder"


async def test_a_note_that_telegram_would_not_take_whole_is_cut(outbox: Outbox):
    await note(outbox, context={"text": "🙂" * 3000})

    await deliver_messages(outbox.runtime)

    told = next(post for post in posts(outbox) if "telegram" in post.url)
    assert orjson.loads(told.body)["text"] == "🙂" * 2048


async def test_a_group_that_left_kogda_yaml_is_told_nothing(outbox: Outbox):
    message = await note(outbox, template="interns")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("failed", 'kogda.yaml has no staff group "interns"')


async def test_a_dead_address_of_the_staff_suppresses_no_customer(outbox: Outbox):
    outbox.channel.answer = Rejected("no such user", suppress=True)
    await note(outbox)

    await deliver_messages(outbox.runtime)

    assert await outbox.fetch("SELECT * FROM suppression") == []


async def test_a_secret_address_is_never_in_a_reason(outbox: Outbox):
    outbox.runtime.poster = HttpPoster()
    outbox.runtime.secrets = {**SECRETS, "SLACK": "https://localhost:1/T0/B0/xyz"}
    await outbox.publish(settings={**SETTINGS, "staff": {"managers": {"slack": {"url_env": "SLACK"}}}})
    await note(outbox)

    await deliver_messages(outbox.runtime)

    [(reason,)] = await outbox.fetch("SELECT reason FROM message WHERE reason IS NOT NULL")
    assert "xyz" not in reason
    assert reason.startswith("localhost leads into a private network")
