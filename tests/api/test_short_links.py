"""Links of an sms or a chat: short, signed, and they lead where the message said or nowhere."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from engine.flow.answers.judge_hits import judge_hits
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import Runtime
from engine.storage.database import Database
from engine.tracking.short_links import read_short, short_token
from engine.tracking.tokens import Place
from tests.api.conftest import hits_of
from tests.engine.delivery.outbox import SETTINGS, Outbox

URL = "https://m.shop.example"
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Safari/604.1"
SMS = "---\ntopic: news\n---\nYour cart: https://shop.example/cart?id={{ event.id }}. Help: https://shop.example/help"
CONTEXT = {"event": {"id": "c-7"}, "with": {}}


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"public_url": URL, "partitions": 8}


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox.of_server(database, runtime)
    for channel in ("sms", "telegram"):
        outbox.runtime.channels[channel] = outbox.channel
    await outbox.publish(templates={"sms/cart.txt": SMS})
    await outbox.customer(phone="+491701234567")
    return outbox


@pytest.fixture
def reader(reader: httpx.AsyncClient) -> httpx.AsyncClient:
    reader.headers["user-agent"] = BROWSER
    return reader


async def sent(outbox: Outbox, **values: Any) -> tuple[UUID, Any]:
    """A message that went out an hour ago, and what was handed over."""
    message = await outbox.message(**{"channel": "sms", "context": CONTEXT, **values})
    await deliver_messages(outbox.runtime)
    await outbox.change("UPDATE message SET settled_at = settled_at - interval '1 hour'")
    return message, outbox.channel.given[-1].content


def links_of(text: str) -> list[str]:
    return re.findall(rf"{URL}(/s/[\w-]+)", text)


async def test_a_press_leads_on_and_becomes_an_event(outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient):
    message, content = await sent(outbox)
    first, second = links_of(content.text)

    answer = await reader.get(first)
    other = await reader.get(second)
    await hits_of(reader).flush()
    await judge_hits(runtime, settled=timedelta(0))

    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/cart?id=c-7")
    assert other.headers["location"] == "https://shop.example/help"
    rows = await outbox.fetch("SELECT name, body FROM event ORDER BY body->'properties'->>'link_number'")
    assert [row["name"] for row in rows] == ["sms_clicked", "sms_clicked"]
    assert rows[0]["body"]["properties"] == {
        "message_id": str(message),
        "channel": "sms",
        "rule": "reminder",
        "template": "cart",
        "topic": "news",
        "link": "https://shop.example/cart?id=c-7",
        "link_number": 1,
    }


async def test_a_link_is_short_and_takes_its_full_stop_not_along(outbox: Outbox):
    _, content = await sent(outbox)

    assert re.fullmatch(rf"Your cart: {URL}/s/[\w-]{{24}}\. Help: {URL}/s/[\w-]{{24}}", content.text)


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        pytest.param({"tracking": {"short_links": False}}, {}, id="short links off"),
        pytest.param({"tracking": {"clicks": False}}, {}, id="clicks off"),
        pytest.param({"tracking": {"untracked": ["news"]}}, {}, id="topic off"),
        pytest.param({}, {"transactional": True}, id="transactional"),
    ],
)
async def test_links_stay_where_nobody_wants_to_know(outbox: Outbox, settings: dict[str, Any], values: dict[str, Any]):
    await outbox.publish(templates={"sms/cart.txt": SMS}, settings=SETTINGS | settings)

    _, content = await sent(outbox, **values)

    assert "https://shop.example/cart?id=c-7" in content.text
    assert links_of(content.text) == []


async def test_an_sms_never_needs_another_part_for_its_links(outbox: Outbox):
    almost_full = "x" * 133 + " https://shop.example/help"
    await outbox.publish(templates={"sms/cart.txt": almost_full})

    _, content = await sent(outbox)

    assert content.text == almost_full


async def test_a_chat_counts_the_links_under_its_buttons(outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient):
    chat = "---\nbuttons:\n  - {text: Open, link: https://shop.example/cart}\n---\nHello"
    rule_set = await outbox.publish(templates={"telegram/cart.txt": chat})
    await outbox.change(
        "INSERT INTO contact (partition, customer, channel, address)"
        " SELECT partition, id, 'telegram', '7' FROM customer"
    )

    _, content = await sent(outbox, channel="telegram", rule_set=rule_set)
    [button] = content.buttons
    answer = await reader.get(button.link.removeprefix(URL))

    assert answer.headers["location"] == "https://shop.example/cart"


async def test_it_leads_where_the_message_said_though_the_template_was_changed(
    outbox: Outbox, reader: httpx.AsyncClient
):
    _, content = await sent(outbox)
    await outbox.publish(templates={"sms/cart.txt": "Now: https://elsewhere.example/"})

    answer = await reader.get(links_of(content.text)[0])

    assert answer.headers["location"] == "https://shop.example/cart?id=c-7"


async def test_a_message_that_is_not_kept_leads_nowhere(outbox: Outbox, reader: httpx.AsyncClient):
    _, content = await sent(outbox)
    await outbox.change("DELETE FROM message")

    answer = await reader.get(links_of(content.text)[0], headers={"accept-language": "ru"})

    assert answer.status_code == 410
    assert "больше никуда не ведёт" in answer.text


async def test_no_changed_link_leads_anywhere(outbox: Outbox, reader: httpx.AsyncClient):
    _, content = await sent(outbox)
    [first, _], chance = links_of(content.text), random.Random(7)

    for _ in range(200):
        at = chance.randrange(len("/s/"), len(first))
        changed = first[:at] + chance.choice("abcXYZ019-_") + first[at + 1 :]
        answer = await reader.get(changed)

        assert answer.status_code == (302 if changed == first else 404)


def test_a_token_of_another_installation_is_none():
    place = Place(7, UUID(int=1 << 90))

    token = short_token(b"a" * 32, place, "https://shop.example/")

    assert read_short(b"a" * 32, token) is not None
    assert read_short(b"b" * 32, token) is None
