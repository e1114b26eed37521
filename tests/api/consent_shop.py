"""A shop whose mails can be left: what the pages for customers stand on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from engine.channels import Handover, Mail
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.api.conftest import client_of
from tests.engine.delivery.outbox import PARTITIONS, Outbox

FOOT = '<a href="{{ unsubscribe_url }}">Stop</a> <a href="{{ preferences_url }}">Choose</a>'
TEMPLATES = {
    "email/news.html": f"---\nsubject: News\ntopic: news\n---\n<p>News</p>{FOOT}",
    "email/sale.html": f"---\nsubject: Sale\ntopic: sales\n---\n<p>Sale</p>{FOOT}",
    "email/cart.html": f"---\nsubject: Your cart\n---\n<p>Cart</p>{FOOT}",
    "email/invoice.html": f"---\nsubject: Invoice\ntopic: service\n---\n<p>Invoice</p>{FOOT}",
}
SETTINGS: dict[str, Any] = {
    "name": "Teplo Coffee",
    "mail": {"from": "Shop <hello@shop.example>", "accent": "#8a3b12"},
    "locale": "en",
    "topics": {"news": {"en": "New coffees", "ru": "Новый кофе"}, "sales": "Offers", "service": "Orders"},
}
RULES: list[dict[str, Any]] = [
    {"name": "reminder", "steps": [{"template": name} for name in ("news", "sale", "cart")]},
    {"name": "orders", "transactional": True, "steps": [{"template": "invoice"}]},
]


@dataclass
class ConsentShop:
    outbox: Outbox
    client: httpx.AsyncClient

    async def sent(self, template: str = "news", *, key: str = "u:anna", name: str = "m1", **values: Any) -> Handover:
        await self.outbox.message(name, key=key, template=template, **values)
        await deliver_messages(self.outbox.runtime)
        found: Handover = self.outbox.channel.given[-1]
        return found

    async def consent(self, key: str = "u:anna") -> Mapping[str, bool]:
        [row] = await self.outbox.fetch("SELECT consent FROM customer WHERE key = $1", key)
        found: Mapping[str, bool] = row["consent"]
        return found

    async def history(self) -> list[tuple[Any, ...]]:
        rows = await self.outbox.fetch("SELECT what, given, how FROM consent_entry ORDER BY at, what")
        return [tuple(row) for row in rows]

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.outbox.fetch("SELECT name, body FROM event WHERE source = 'kogda' ORDER BY xid, seq")
        return [(row["name"], row["body"]["properties"]) for row in rows]


async def open_consent_shop(database: Database, **settings: Any) -> ConsentShop:
    await found_installation(database, PARTITIONS)
    outbox = Outbox(database)
    await outbox.publish(templates=TEMPLATES, rules=RULES, settings={**SETTINGS, **settings})
    await outbox.customer()
    return ConsentShop(outbox, client_of(outbox.runtime))


def links_in(handover: Handover) -> dict[str, str]:
    """By the text of the link, the path on this server."""
    assert isinstance(handover.content, Mail)
    found = re.findall(r'href="http://[^/"]+(/[^"]+)">(\w+)<', handover.content.html or "")
    return {text: path for path, text in found}


def button(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def message_of(handover: Handover) -> UUID:
    return handover.message
