"""The bot's webhook: chats find their customers, words and presses find the rules, and nobody else is listened to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from engine.channels.telegram import press_of
from engine.clock import utc_now
from engine.core.identity import customer_id, partition_of
from engine.links.chat_links import chat_link, read_chat_token
from engine.storage.database import Database
from tests.api.conftest import client_of
from tests.engine.delivery.outbox import SETTINGS, Outbox

SECRET = "bot-secret"
BOT = {"channels": {"email": {}, "telegram": {"token_env": "TOKEN", "secret_env": "BOT_SECRET", "bot": "shop_bot"}}}


@dataclass
class Chat:
    """A customer who was sent a link, and a chat that may open it."""

    outbox: Outbox
    client: httpx.AsyncClient
    number: int = 0
    headers: dict[str, str] = field(default_factory=lambda: {"X-Telegram-Bot-Api-Secret-Token": SECRET})

    @property
    def token(self) -> str:
        today = utc_now().date()
        return chat_link(self.outbox.runtime.link_key, "shop_bot", customer_id("u:anna"), today=today).partition("=")[2]

    async def update(self, **said: Any) -> httpx.Response:
        self.number += 1
        return await self.client.post(
            "/callbacks/telegram", json={"update_id": self.number, **said}, headers=self.headers
        )

    async def says(self, text: str, *, chat: int = 42, **more: Any) -> httpx.Response:
        place = {"id": chat, "type": "private"}
        return await self.update(
            message={"message_id": 7, "chat": place, "from": {"id": chat, "first_name": "Anna"}, "text": text, **more}
        )

    async def presses(self, message: UUID, word: str, *, chat: int = 42) -> httpx.Response:
        return await self.update(
            callback_query={"id": "q1", "from": {"id": chat}, "data": press_of(message, word), "chat_instance": "1"}
        )

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.outbox.fetch("SELECT name, body FROM event ORDER BY xid, seq")
        return [(row["name"], row["body"]["properties"]) for row in rows]

    async def chats(self) -> list[str]:
        rows = await self.outbox.fetch("SELECT address FROM contact WHERE gone_at IS NULL AND channel = 'telegram'")
        return [row["address"] for row in rows]


@pytest.fixture
async def chat(database: Database) -> Chat:
    outbox = Outbox(database)
    outbox.runtime.secrets = {"BOT_SECRET": SECRET}
    await outbox.publish(settings={**SETTINGS, **BOT}, templates={"telegram/cart.txt": "---\ntopic: news\n---\nHi"})
    await outbox.customer()
    return Chat(outbox, client_of(outbox.runtime))


async def test_a_link_connects_the_chat_and_tells_the_rules(chat: Chat):
    answer = await chat.says(f"/start {chat.token}")

    assert (answer.status_code, answer.json()) == (200, {})
    assert await chat.chats() == ["42"]
    assert await chat.events() == [("telegram_started", {"channel": "telegram"})]
    assert chat.outbox.waker.woken == {partition_of(customer_id("u:anna"), chat.outbox.runtime.partitions)}


async def test_the_same_update_again_is_told_once(chat: Chat):
    await chat.says(f"/start {chat.token}")
    chat.number -= 1

    answer = await chat.says(f"/start {chat.token}")

    assert answer.status_code == 200
    assert len(await chat.events()) == 1


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("abc", id="short"),
        pytest.param("A" * 62, id="forged"),
        pytest.param("\u0000😀", id="no token"),
    ],
)
async def test_a_token_that_is_none_of_ours_connects_nobody(chat: Chat, token: str):
    answer = await chat.says(f"/start {token}")

    assert answer.status_code == 200
    assert (await chat.chats(), await chat.events()) == ([], [])


async def test_what_is_written_is_told_with_the_message_that_it_answers(chat: Chat):
    await chat.says(f"/start {chat.token}")
    first = await chat.outbox.message("m1", channel="telegram", state="sent", address="42", provider_id="42.5")
    await chat.outbox.message("m2", channel="telegram", state="sent", address="42", provider_id="42.6")

    await chat.says("Yes please\u0000", reply_to_message={"message_id": 5})

    told = {
        "channel": "telegram",
        "text": "Yes please",
        "message_id": str(first),
        "rule": "reminder",
        "template": "cart",
    }
    assert (await chat.events())[-1] == ("message_replied", told)


async def test_a_press_is_told_with_its_button_and_answered(chat: Chat):
    await chat.says(f"/start {chat.token}")
    message = await chat.outbox.message("m1", channel="telegram", state="sent", address="42", provider_id="42.5")

    answer = await chat.presses(message, "later")

    assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": "q1"}
    name, told = (await chat.events())[-1]
    assert name == "telegram_pressed"
    assert told["button"] == "later"
    assert told["message_id"] == str(message)


async def test_a_press_of_somebody_elses_message_is_not_told(chat: Chat):
    await chat.says(f"/start {chat.token}")
    await chat.outbox.customer("u:boris")
    message = await chat.outbox.message("m1", key="u:boris", channel="telegram", state="sent", address="43")

    answer = await chat.presses(message, "later")

    assert answer.status_code == 200
    assert [name for name, _ in await chat.events()] == ["telegram_started"]


async def test_stop_is_a_refusal_and_a_block_is_the_end_of_the_chat(chat: Chat):
    await chat.says(f"/start {chat.token}")

    await chat.says("/stop")
    [row] = await chat.outbox.fetch("SELECT consent FROM customer")
    place = {"id": 42, "type": "private"}
    await chat.update(my_chat_member={"chat": place, "from": {"id": 42}, "new_chat_member": {"status": "kicked"}})

    assert row["consent"] == {"telegram": False}
    assert await chat.chats() == []
    assert [name for name, _ in await chat.events()] == [
        "telegram_started",
        "telegram_unsubscribed",
        "telegram_blocked",
    ]


async def test_who_starts_again_is_no_longer_suppressed_for_the_block(chat: Chat):
    for address, reason in (("42", "Telegram: Forbidden: bot was blocked by the user"), ("43", "by hand")):
        await chat.outbox.change(
            "INSERT INTO suppression (channel, address, reason) VALUES ('telegram', $1, $2)", address, reason
        )

    await chat.says(f"/start {chat.token}")

    left = await chat.outbox.fetch("SELECT address FROM suppression")
    assert [row["address"] for row in left] == ["43"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no secret"),
        pytest.param({"X-Telegram-Bot-Api-Secret-Token": "other"}, 403, id="another"),
    ],
)
async def test_nobody_but_telegram_is_listened_to(chat: Chat, headers: dict[str, str], status: int):
    chat.headers = headers

    answer = await chat.says(f"/start {chat.token}")

    assert answer.status_code == status
    assert answer.json()["code"] == "not_telegram"
    assert await chat.chats() == []


async def test_a_server_without_a_bot_says_so(chat: Chat):
    chat.outbox.runtime.secrets = {}

    answer = await chat.says("hi")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_bot")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"<html>", 400, id="no JSON"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"update_id": 1, "message": 5}', 400, id="another kind"),
        pytest.param(b'{"update_id": 1, "callback_query": {"id": "1"}}', 400, id="nobody pressed"),
        pytest.param(
            b'{"update_id": 1, "callback_query": {"id": "1", "from": {"id": 4}, "data": "x:y"}}', 200, id="data"
        ),
        pytest.param(b'{"update_id": 1, "poll": {}}', 200, id="a poll"),
        pytest.param(
            b'{"update_id": 1, "message": {"chat": {"id": -5, "type": "group"}, "text": "x"}}', 200, id="group"
        ),
        pytest.param(b'{"update_id": 1, "message": {"chat": {"id": 5, "type": "private"}}}', 200, id="no text"),
        pytest.param(
            b'{"update_id": 1, "message": {"date": 9e99, "chat": {"id": 5, "type": "private"}}}', 200, id="a time"
        ),
        pytest.param(b"x" * 300_000, 413, id="too large"),
    ],
)
async def test_what_telegram_would_not_say_is_refused_and_other_news_are_let_go(chat: Chat, body: bytes, status: int):
    answer = await chat.client.post("/callbacks/telegram", content=body, headers=chat.headers)

    assert answer.status_code == status
    assert await chat.events() == []


async def test_the_shop_can_ask_for_a_link(chat: Chat):
    answer = await chat.client.get("/api/telegram-link", params={"customer": "u:anna"})
    nobody = await chat.client.get("/api/telegram-link", params={"customer": "u:nobody"})

    assert answer.json() == {"url": f"https://t.me/shop_bot?start={chat.token}"}
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_customer")


def test_a_link_fits_what_telegram_takes_and_works_for_a_month():
    anna = customer_id("u:anna")
    made = date(2026, 3, 2)

    token = chat_link(b"k" * 32, "@shop_bot", anna, today=made).partition("=")[2]

    assert len(token) <= 64
    assert read_chat_token(b"k" * 32, token, today=date(2026, 4, 1)) == anna
    assert read_chat_token(b"k" * 32, token, today=date(2026, 4, 2)) is None
    assert read_chat_token(b"x" * 32, token, today=made) is None
