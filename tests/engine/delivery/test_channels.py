"""Channels of kogda.yaml end to end: rules, PostgreSQL, the registry, and providers that answer on this machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from dsl import plan
from engine.channels import Rejected, Sent
from engine.channels.http_post import HttpPoster
from engine.channels.registry import Registry
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.keeping import keeper
from engine.storage.customers.contacts import add_contact
from tests.channels.http_sink import HttpSink, spoken
from tests.engine.delivery.outbox import ScriptedChannel
from tests.engine.flow.shop import Shop, known, open_shop, rule, send

TEMPLATES = {
    "email/cart.html": "---\nsubject: Cart\n---\n<p>x</p>",
    "sms/cart.txt": "{{ customer.first_name }}, your cart waits\n",
    "telegram/cart.txt": (
        "---\nbuttons:\n  - {text: Open, link: 'https://shop.example/{{ customer.id }}'}\n"
        "  - {text: '{{ customer.first_name }}, later', press: later}\n  - {text: Gone, link: '{{ event.nothing }}'}\n"
        "---\nYour cart waits"
    ),
}
TAKEN = spoken(201, {"sid": "SM7", "status": "queued", "error_code": None})
GREETED = spoken(200, {"ok": True, "result": {"message_id": 9}})
BLOCKED = spoken(403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"})
BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@asynccontextmanager
async def shop_with(
    database_url: str, step: plan.Send, *, is_real: bool = True
) -> AsyncIterator[tuple[Shop, HttpSink]]:
    async with open_shop(database_url) as shop, HttpSink(script=lambda _: TAKEN).running() as sink:
        runtime, poster = shop.runtime, HttpPoster(allows_private=True)
        here = f"http://127.0.0.1:{sink.port}"
        settings: dict[str, Any] = {
            "mail": {"from": "Shop <hello@shop.example>"},
            "channels": {
                "email": {},
                "sms": {"provider": "twilio", "account": "AC1", "token_env": "TOKEN", "from": "Shop", "url": here},
                "telegram": {"provider": "telegram", "token_env": "BOT", "url": here},
            },
        }
        secrets = {"TOKEN": "t", "BOT": BOT} if is_real else {}
        runtime.registry = Registry(poster, secrets, keeper(runtime.database), is_real=is_real)
        runtime.channels = {"email": ScriptedChannel(Rejected("550 5.1.1 no such user"))}
        live = plan.Plan(rules=(rule("cart", "cart_abandoned", step),))
        await publish(runtime.database, live, templates=TEMPLATES, settings=settings)
        yield shop, sink
        await poster.close()


async def abandon(shop: Shop, *, chat: str | None = None) -> None:
    who = {"email": "a@b.example", "phone": "+49 170 1234567", "first_name": "Anna"}
    await shop.post(shop.identify("1", **who))
    await shop.advance()
    if chat:
        await give_chat(shop, "1", chat)
    await shop.post(shop.event("1", "cart_abandoned"))
    await shop.advance()
    for _ in range(4):
        await deliver_messages(shop.runtime)
        await shop.advance()


async def give_chat(shop: Shop, name: str, chat: str) -> None:
    async with shop.runtime.database.transaction() as connection:
        partition = await connection.fetchval("SELECT partition FROM customer WHERE id = $1", known(name))
        await add_contact(connection, (partition, known(name)), "telegram", chat)


async def rows(shop: Shop) -> list[tuple[Any, ...]]:
    found = await shop.fetch(
        "SELECT channel, state, address, provider_id, reason FROM message ORDER BY created_at, channel"
    )
    return [tuple(row) for row in found]


def ways(*channels: str) -> plan.Send:
    fallbacks = tuple(plan.Recipient(channel=each, template="cart") for each in channels)
    return send("cart", fallbacks=fallbacks)


async def test_what_mail_cannot_deliver_goes_out_as_an_sms(database_url: str) -> None:
    async with shop_with(database_url, ways("sms")) as (shop, sink):
        await abandon(shop)

        assert await rows(shop) == [
            ("email", "failed", "a@b.example", None, "550 5.1.1 no such user"),
            ("sms", "sent", "+49 170 1234567", "SM7", None),
        ]
        [(_, _, body)] = sink.requests
        assert parse_qs(body.decode())["Body"] == ["Anna, your cart waits"]


async def test_a_customer_without_a_chat_gets_the_next_way(database_url: str) -> None:
    async with shop_with(database_url, ways("telegram", "sms")) as (shop, sink):
        await abandon(shop)

        assert [(row[0], row[1], row[4]) for row in await rows(shop)] == [
            ("email", "failed", "550 5.1.1 no such user"),
            ("telegram", "suppressed", "no telegram address"),
            ("sms", "sent", None),
        ]
        assert len(sink.requests) == 1


async def test_a_chat_gets_the_text_with_its_buttons(database_url: str) -> None:
    async with shop_with(database_url, ways("telegram")) as (shop, sink):
        sink.script = lambda _: GREETED

        await abandon(shop, chat="42")

        assert (await rows(shop))[1] == ("telegram", "sent", "42", "42.9", "rendered empty: event.nothing")
        said = json.loads(sink.requests[0][2])
        shown = [(each["text"], each.get("url")) for [each] in said["reply_markup"]["inline_keyboard"]]
        assert (said["chat_id"], said["text"]) == (42, "Your cart waits")
        assert shown == [("Open", "https://shop.example/1"), ("Anna, later", None)]


async def test_who_has_blocked_the_bot_is_reached_another_way_and_not_asked_again(database_url: str) -> None:
    async with shop_with(database_url, ways("telegram", "sms")) as (shop, sink):
        sink.script = lambda number: BLOCKED if number == 0 else TAKEN

        await abandon(shop, chat="42")

        assert [(row[0], row[1]) for row in await rows(shop)] == [
            ("email", "failed"),
            ("telegram", "failed"),
            ("sms", "sent"),
        ]
        assert await shop.value("SELECT gone_at IS NOT NULL FROM contact") is True
        reason = await shop.value("SELECT reason FROM suppression WHERE channel = 'telegram' AND address = '42'")
        assert reason == "Telegram: Forbidden: bot was blocked by the user"


async def test_the_best_of_several_channels_is_one_that_has_a_contact(database_url: str) -> None:
    best = plan.Send(channel="best", template="cart", line=1, best_of=("telegram", "sms"))
    async with shop_with(database_url, best) as (shop, sink):
        sink.script = lambda _: GREETED

        await abandon(shop, chat="42")

        assert [(row[0], row[1]) for row in await rows(shop)] == [("telegram", "sent")]
        noted = await shop.value("SELECT detail FROM run_note WHERE what = 'chooses'")
        assert noted == 'best "cart": telegram, sms (telegram comes first)'


async def test_without_a_provider_a_text_is_on_the_mailbox_page(database_url: str) -> None:
    async with shop_with(database_url, ways("sms"), is_real=False) as (shop, sink):
        await abandon(shop)

        [kept] = await shop.fetch("SELECT channel, recipient, subject, raw FROM mailbox")
        assert tuple(kept)[:3] == ("sms", "+49 170 1234567", "Anna, your cart waits")
        assert sink.requests == []


async def test_a_channel_without_its_token_waits_with_the_reason(database_url: str) -> None:
    async with shop_with(database_url, ways("sms")) as (shop, _sink):
        shop.runtime.registry = Registry(HttpPoster(), {}, keeper(shop.runtime.database), is_real=True)

        await abandon(shop)

        [_, sms] = await rows(shop)
        assert (sms[1], sms[4]) == ("queued", "the environment variable TOKEN is not set")


@pytest.mark.parametrize("first", [True, False])
async def test_a_chat_belongs_to_the_one_who_showed_it_last(database_url: str, first: bool) -> None:
    async with shop_with(database_url, ways("telegram")) as (shop, _):
        shop.runtime.channels = {"email": ScriptedChannel(Sent("<x>"))}
        await shop.post(shop.identify("1", first_name="A"), shop.identify("2", first_name="B"))
        await shop.advance()

        for name in ("1", "2") if first else ("2", "1"):
            await give_chat(shop, name, "42")

        owner = await shop.fetch("SELECT customer FROM contact WHERE gone_at IS NULL")
        assert [row["customer"] for row in owner] == [known("2" if first else "1")]


async def test_a_contact_of_an_anonymous_customer_moves_to_the_known_one(database_url: str) -> None:
    async with shop_with(database_url, ways("telegram")) as (shop, _):
        await shop.post(shop.event("1", "seen"))
        await shop.post(shop.event("2", "seen"))
        await shop.advance()
        await give_chat(shop, "2", "42")

        await shop.post(shop.merge_known("2", "1"))
        await shop.advance()

        [owner] = await shop.fetch("SELECT customer FROM contact")
        assert owner["customer"] == known("1")
