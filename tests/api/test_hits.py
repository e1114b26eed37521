"""Links and pictures that customers ask for, from the mail to the event that a rule can act on."""

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
from engine.tracking.tokens import Link, Place, link_token
from tests.api.conftest import hits_of
from tests.engine.delivery.outbox import SETTINGS, Outbox

URL = "https://mail.shop.example"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"
MAIL = (
    "---\nsubject: Cart\ntopic: news\n---\n<html><body>"
    '<a href="https://shop.example/cart?id=7">Cart</a> <a href="https://shop.example/help">Help</a></body></html>'
)
NOW = timedelta(0)


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"public_url": URL, "partitions": 8}


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox.of_server(database, runtime)
    await outbox.publish(templates={"email/cart.html": MAIL})
    await outbox.customer()
    return outbox


@pytest.fixture
def reader(reader: httpx.AsyncClient) -> httpx.AsyncClient:
    reader.headers["user-agent"] = BROWSER
    return reader


async def sent(outbox: Outbox, *, ago: str = "1 hour", **values: Any) -> tuple[UUID, list[str], list[str]]:
    """A message that went out some time ago, its links and its pictures, as paths."""
    message = await outbox.message(**values)
    await deliver_messages(outbox.runtime)
    await outbox.change(f"UPDATE message SET settled_at = settled_at - interval '{ago}'")  # noqa: S608
    html = outbox.channel.given[-1].content.html
    links = [path.removeprefix(URL) for path in re.findall(rf'href="({URL}/l/[^"]+)"', html)]
    return message, links, [path.removeprefix(URL) for path in re.findall(rf'src="({URL}/o/[^"]+)"', html)]


async def written(reader: httpx.AsyncClient) -> None:
    await hits_of(reader).flush()


async def events(outbox: Outbox) -> list[tuple[str, dict[str, Any]]]:
    rows = await outbox.fetch("SELECT name, body FROM event ORDER BY xid, seq")
    return [(row["name"], row["body"]["properties"]) for row in rows]


async def test_a_click_leads_on_and_becomes_an_event_once(outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient):
    message, links, _ = await sent(outbox)

    answers = [await reader.get(links[0]) for _ in range(3)]
    await written(reader)
    judged = await judge_hits(runtime, settled=NOW)

    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {
        (302, "https://shop.example/cart?id=7")
    }
    assert judged == {"person": 3}
    assert await events(outbox) == [
        (
            "email_clicked",
            {
                "message_id": str(message),
                "channel": "email",
                "rule": "reminder",
                "template": "cart",
                "topic": "news",
                "link": "https://shop.example/cart?id=7",
                "link_number": 1,
            },
        )
    ]
    assert [tuple(row) for row in await outbox.fetch("SELECT kind, class, link, links FROM hit")] == [
        ("clicked", "person", 1, 2)
    ] * 3


async def test_another_link_is_another_event(outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient):
    _, links, _ = await sent(outbox)

    for link in links:
        await reader.get(link)
    await written(reader)
    await judge_hits(runtime, settled=NOW)

    assert [properties["link_number"] for _, properties in await events(outbox)] == [1, 2]
    assert len(await outbox.fetch("SELECT FROM reaction WHERE kind = 'clicked'")) == 1


async def test_an_opened_mail_is_an_event_unless_a_proxy_opened_it(
    outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient
):
    _, _, [pixel] = await sent(outbox)
    _, _, [other] = await sent(outbox, name="m2")

    picture = await reader.get(pixel)
    await reader.get(other, headers={"user-agent": "Mozilla/5.0"})
    await written(reader)
    judged = await judge_hits(runtime, settled=NOW)

    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/gif")
    assert judged == {"person": 1, "proxy": 1}
    assert [name for name, _ in await events(outbox)] == ["email_opened"]


async def test_a_workspace_can_believe_proxies(outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient):
    settings = {**SETTINGS, "tracking": {"proxies": True}}
    await outbox.publish(templates={"email/cart.html": MAIL}, settings=settings)
    _, _, [pixel] = await sent(outbox)

    await reader.get(pixel, headers={"user-agent": "Mozilla/5.0"})
    await written(reader)
    await judge_hits(runtime, settled=NOW)

    assert [name for name, _ in await events(outbox)] == ["email_opened"]


async def test_a_filter_that_tries_all_links_is_led_on_and_told_to_nobody(
    outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient
):
    _, links, _ = await sent(outbox, ago="30 seconds")

    answers = [await reader.get(link) for link in links]
    await written(reader)
    judged = await judge_hits(runtime, settled=NOW)

    assert [answer.status_code for answer in answers] == [302, 302]
    assert judged == {"scanner": 2}
    assert await events(outbox) == []
    assert [row["raw"]["headers"]["user-agent"] for row in await outbox.fetch("SELECT raw FROM hit")] == [BROWSER] * 2


async def test_a_hit_is_judged_only_when_those_that_belong_to_it_have_come_in(
    outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient
):
    _, links, _ = await sent(outbox)

    await reader.get(links[0])
    await written(reader)

    assert await judge_hits(runtime) == {}


async def test_what_a_merged_customer_was_sent_is_found_where_it_is_now(
    outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient
):
    _, links, _ = await sent(outbox)
    target = await outbox.customer("u:other")
    await outbox.change("UPDATE message SET customer = $1, partition = (partition + 1) % 8", target)
    await outbox.change("UPDATE customer SET partition = (SELECT partition FROM message) WHERE id = $1", target)

    await reader.get(links[0])
    await written(reader)
    await judge_hits(runtime, settled=NOW)

    [row] = await outbox.fetch("SELECT customer, body FROM event")
    assert (row["customer"], row["body"]["key"]) == (target, "u:other")


async def test_while_the_database_is_away_people_get_to_their_pages_and_the_hit_is_kept(
    outbox: Outbox, runtime: Runtime, reader: httpx.AsyncClient, database_url: str
):
    _, links, _ = await sent(outbox)
    await outbox.change("ALTER TABLE hit RENAME TO gone")

    answer = await reader.get(links[0])
    lost = await outbox.fetch("SELECT FROM gone")
    await outbox.change("ALTER TABLE gone RENAME TO hit")
    await written(reader)

    assert answer.status_code == 302
    assert lost == []
    assert len(await outbox.fetch("SELECT FROM hit")) == 1


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        pytest.param({"tracking": {"opens": False, "clicks": False}}, {}, id="switched off"),
        pytest.param({"tracking": {"untracked": ["news"]}}, {}, id="off for the topic"),
        pytest.param({}, {"transactional": True}, id="transactional"),
    ],
)
async def test_a_mail_that_is_not_tracked_stays_as_it_is(outbox: Outbox, settings: Any, values: Any):
    await outbox.publish(templates={"email/cart.html": MAIL}, settings={**SETTINGS, **settings})

    _, links, pictures = await sent(outbox, **values)

    assert (links, pictures) == ([], [])
    assert 'href="https://shop.example/cart?id=7"' in outbox.channel.given[-1].content.html


async def test_transactional_mails_are_tracked_when_the_workspace_asks(outbox: Outbox):
    settings = {**SETTINGS, "tracking": {"transactional": True}}
    await outbox.publish(templates={"email/cart.html": MAIL}, settings=settings)

    _, links, pictures = await sent(outbox, transactional=True)

    assert (len(links), len(pictures)) == (2, 1)


async def test_without_an_address_that_others_know_nothing_is_tracked(outbox: Outbox, runtime: Runtime):
    outbox.runtime.settings = runtime.settings.model_copy(update={"public_url": None})

    _, links, pictures = await sent(outbox)

    assert (links, pictures) == ([], [])


async def test_changed_links_redirect_nowhere(runtime: Runtime, reader: httpx.AsyncClient):
    token = link_token(runtime.link_key, Link(Place(1, UUID(int=7)), 1, 1, "https://shop.example/"))
    assert token
    dice = random.Random(3)

    answers = []
    for _ in range(300):
        at = dice.randrange(len(token))
        changed = token[:at] + dice.choice("ABCxyz059-_~%2e") + token[at + 1 :]
        answers.append(await reader.get(f"/l/{changed}")) if changed != token else None

    assert {answer.status_code for answer in answers} == {404}
    assert not any("location" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("language", "words"), [("ru-RU,ru;q=0.9", "Ссылка неполная"), ("de", "This link is not complete")]
)
async def test_a_broken_link_says_so_in_the_readers_language(reader: httpx.AsyncClient, language: str, words: str):
    answer = await reader.get("/l/abc", headers={"accept-language": language})

    assert answer.status_code == 404
    assert words in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_link_cannot_be_posted_to(reader: httpx.AsyncClient):
    assert (await reader.post("/l/abc")).status_code == 405
