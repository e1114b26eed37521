"""A mail once more, in a reader."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import Runtime
from engine.storage.database import Database
from tests.api.conftest import hits_of
from tests.engine.delivery.outbox import SETTINGS, Outbox

URL = "https://mail.shop.example"
MAIL = (
    "---\nsubject: Cart of {{ customer.first_name }}\n---\n<html><body><script>alert(1)</script>"
    '<p>{{ event.total }} and {{ promo.code }}</p><a href="{{ view_url }}">In a browser</a>'
    '<a href="{{ unsubscribe_url }}">Leave</a> <a href="https://shop.example/">Shop</a></body></html>'
)


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"public_url": URL, "partitions": 8}


@pytest.fixture
async def outbox(database: Database, runtime: Runtime) -> Outbox:
    outbox = Outbox.of_server(database, runtime)
    await outbox.publish(templates={"email/cart.html": MAIL})
    await outbox.customer()
    return outbox


async def sent(outbox: Outbox, **values: Any) -> str:
    """Where the mail says that it can be read in a reader, as a path."""
    context = {"event": {"total": 45}, "with": {}, "promo": {"code": "SPRING"}}
    await outbox.message(**{"context": context, **values})
    await deliver_messages(outbox.runtime)
    [path] = re.findall(rf'href="{URL}(/v/[\w-]+)"', outbox.channel.given[-1].content.html)
    return str(path)


async def test_a_mail_is_shown_as_it_was_sent_and_nothing_in_it_runs(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)

    answer = await reader.get(path)

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "45 and SPRING" in answer.text
    assert f'href="{URL}{path}">In a browser' in answer.text
    assert re.search(rf'href="{URL}/u/[\w-]+">Leave', answer.text)
    assert re.search(rf'href="{URL}/l/[\w-]+">Shop', answer.text)
    assert "/o/" not in answer.text
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script" not in policy


async def test_a_mail_that_asks_for_a_confirmation_can_be_confirmed_from_the_page(
    outbox: Outbox, reader: httpx.AsyncClient
):
    asking = MAIL.replace("<p>", '<p><a href="{{ confirm_url }}">Yes</a> <a href="{{ telegram_url }}">Chat</a>')
    settings = {**SETTINGS, "double_opt_in": {"email": "confirm"}, "channels": {"telegram": {"bot": "shop_bot"}}}
    await outbox.publish(templates={"email/cart.html": asking}, settings=settings)
    path = await sent(outbox, transactional=True, context={"event": {"what": "email"}, "with": {}})
    in_mail = re.findall(rf'href="({URL}/c/[^"]+)"', outbox.channel.given[-1].content.html)

    answer = await reader.get(path)

    assert re.findall(rf'href="({URL}/c/[^"]+)"', answer.text) == in_mail != []
    assert 'href=""' not in answer.text


async def test_it_stays_as_it_was_when_the_template_is_changed(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)
    await outbox.publish(templates={"email/cart.html": "---\nsubject: x\n---\n<p>Another text</p>"})

    answer = await reader.get(path)

    assert "45 and SPRING" in answer.text


async def test_it_counts_as_an_open(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)

    await reader.get(path)
    await hits_of(reader).flush()

    assert [row["kind"] for row in await outbox.fetch("SELECT kind FROM hit")] == ["opened"]


async def test_a_plain_mail_is_a_plain_page(outbox: Outbox, reader: httpx.AsyncClient):
    await outbox.publish(
        templates={"email/cart.txt": "---\nsubject: <b>\n---\nHello <b>{{ event.total }}</b>\n{{ view_url }}"}
    )
    await outbox.message()
    await deliver_messages(outbox.runtime)
    [path] = re.findall(rf"{URL}(/v/[\w-]+)", outbox.channel.given[-1].content.text)

    answer = await reader.get(path)

    assert "Hello &lt;b&gt;45&lt;/b&gt;" in answer.text
    assert "<title>&lt;b&gt;</title>" in answer.text


async def test_when_it_cannot_be_made_again_the_page_says_so(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)
    await outbox.change("UPDATE rule_set SET templates = '{}', hash = 'other'")
    reader._transport.app.state.services.runtime.texts._kept.clear()  # type: ignore[attr-defined]

    answer = await reader.get(path, headers={"accept-language": "ru"})

    assert answer.status_code == 410
    assert "Это письмо больше нельзя показать" in answer.text


async def test_a_mail_that_was_never_sent_is_not_shown(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)
    await outbox.change("UPDATE message SET state = 'failed'")

    answer = await reader.get(path)

    assert answer.status_code == 404
    assert "This mail is not here" in answer.text


async def test_while_the_database_is_away_the_page_asks_for_a_moment(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)
    await outbox.change("ALTER TABLE message RENAME TO gone")

    answer = await reader.get(path)

    assert answer.status_code == 503
    assert "Just a moment" in answer.text


async def test_a_link_that_was_changed_shows_nothing(outbox: Outbox, reader: httpx.AsyncClient):
    path = await sent(outbox)

    answer = await reader.get(path[:-1] + ("A" if path[-1] != "A" else "B"))

    assert answer.status_code == 404
