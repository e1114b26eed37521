"""A run of everything that happens often: events in, decisions, deliveries, reactions, the sweep; and what it asked of
the database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.channels import Sent
from engine.core.identity import customer_id, known_key
from engine.flow.accept_events import EventWriter
from engine.flow.answers.judge_hits import judge_hits
from engine.flow.checking.load_workspace import load_workspace
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.flow.upkeep.fold_figures import fold_figures
from engine.flow.upkeep.sweep import find_waiting
from engine.storage.database import Connection, Database
from engine.waker import NullWaker
from tests.engine.flow.shop import Shop, open_shop

RULES = """
segment gold means customer.tier is "gold"
segment recent means count of order_placed in last 30 days >= 1

rule "Cart"
  when cart_updated where event.total >= 5 EUR
  only if count of order_placed where (total > 1 EUR) in last 90 days < 3
  stop when order_placed
  goal order_placed within 3 days
  once per event.cart_id per 7 days
  at most 2 messages per day
  send email "cart"
  wait 1 day
  send email "cart"

rule "Stopped in time"
  when cart_updated
  stop when order_placed
  wait 5 minutes
  send email "cart"

rule "Order"
  when order_placed
  add 1 point per 1 EUR of event.total
  increase customer.orders by 1
  add tag "buyer"
  issue promo "BACK" valid 7 days
  emit thanked
  send email "order"

rule "Thanked"
  when thanked
  only first 50 customers
  send email "thanks"

rule "Often"
  when product_viewed 3 times within 7 days
  send email "often"

rule "Gold"
  when customer enters gold
  send email "gold"

rule "Quiet"
  when no order_placed for 30 days
  send email "quiet"

rule "Daily"
  every day at 9:00 for customer in recent
  send email "daily"
"""
SCHEMA = """
events:
  cart_updated: {properties: {total: money, cart_id: text}}
  order_placed: {properties: {total: money}}
  product_viewed: {properties: {}}
  thanked: {properties: {}}
customer:
  tier: optional text
  orders: optional number
"""
SETTINGS = """
name: Shop
language: 1
timezone: UTC
currency: EUR
mail: {from: Shop <hello@shop.example>}
promos:
  BACK: {discount: 10%}
"""
TEMPLATE = "---\nsubject: Hello\n---\n<p>Hello <a href='{{ unsubscribe_url }}'>stop</a></p>"
USERS = tuple(str(number) for number in range(6))


class WatchedDatabase(Database):
    """Remembers each statement with the arguments that it came with first."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.statements: dict[str, tuple[Any, ...]] = {}

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with super().connection() as connection:
            with connection.query_logger(lambda logged: self.statements.setdefault(logged.query, logged.args)):
                yield connection


class Acceptor:
    """A channel that takes all."""

    async def send(self, handover: object) -> Sent:
        return Sent("<id>")

    async def close(self) -> None: ...


async def statements_of_a_busy_day(url: str, folder: Path) -> dict[str, tuple[Any, ...]]:
    async with open_shop(url) as shop:
        await _publish(shop, folder)
        await shop.execute("INSERT INTO promo_code (code, pool) SELECT 'B' || n, 'BACK' FROM generate_series(1, 90) n")
        watched = WatchedDatabase(url)
        await watched.open()
        ordinary, shop.runtime.database = shop.runtime.database, watched
        shop.runtime.channels = {"email": Acceptor()}
        try:
            await _day(shop, ordinary)
        finally:
            shop.runtime.database = ordinary
            await watched.close()
        assert await shop.value("SELECT count(*) FROM message WHERE state = 'sent'") > len(USERS)
        assert await shop.value("SELECT count(*) FROM run WHERE end_reason LIKE 'stop when%'") > 0
        assert await shop.value("SELECT count(*) FROM conversion") > 0
        assert await shop.value("SELECT count(*) FROM quarantine") == 0
        return watched.statements


async def _publish(shop: Shop, folder: Path) -> None:
    texts = {
        "kogda.yaml": SETTINGS,
        "schema.yaml": SCHEMA,
        "rules/shop.rules": RULES,
        **{f"templates/email/{name}.html": TEMPLATE for name in re.findall('send email "(.*)"', RULES)},
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    checked = load_workspace(folder)
    assert checked.plan is not None, [each.message for each in checked.diagnostics]
    await publish(shop.runtime.database, checked.plan, templates=checked.templates, settings=checked.settings)


async def _day(shop: Shop, ordinary: Database) -> None:
    runtime = shop.runtime
    writer = EventWriter(runtime.database, NullWaker())
    await writer.accept([shop.identify(user, email=f"{user}@shop.example", tier="gold") for user in USERS])
    await writer.accept([shop.anonymous("a", "product_viewed"), shop.anonymous("a", "cart_updated", total=9)])
    await _round(shop)
    for _ in range(3):
        await writer.accept([shop.event(user, "product_viewed") for user in USERS])
    await writer.accept([shop.event(user, "cart_updated", total=9, cart_id="1") for user in USERS])
    await _round(shop)
    await ordinary_click(ordinary)
    await judge_hits(runtime, settled=timedelta(0))
    await writer.accept([shop.event(user, "order_placed", total=20) for user in USERS])
    await writer.accept([shop.merge("a", "1")])
    await _round(shop)
    await shop.let_time_pass(timedelta(days=1, minutes=1))
    await _round(shop)
    await fold_figures(runtime.database)


async def _round(shop: Shop) -> None:
    await find_waiting(shop.runtime)
    await shop.advance()
    await deliver_messages(shop.runtime)
    await shop.advance()


async def ordinary_click(database: Database) -> None:
    """Of a customer, as a browser makes it."""
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO hit (partition, message, at, kind, link, links, target, raw)"
            " SELECT partition, id, now(), 'clicked', 1, 3, 'https://shop.example', $2 FROM message"
            " WHERE customer = $1 AND state = 'sent' LIMIT 1",
            customer_id(known_key(USERS[0])),
            {"method": "GET", "headers": {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}},
        )
