"""Figures of messages, over HTTP and as a text."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest

from api.cli.report import rendered
from api.schemas.reports import MessageReportAnswer
from engine.clock import utc_now
from engine.core.identity import derived_id
from engine.flow.telling.report_messages import report_messages
from engine.storage.database import Database
from tests.api.conftest import ADMIN_KEY
from tests.engine.delivery.outbox import Outbox


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer()
    for number in range(4):
        await outbox.message(f"m{number}", rule="Cart", template="cart", state="sent" if number else "suppressed")
    await outbox.message("call", channel="webhook", state="sent")
    return outbox


async def reacted(outbox: Outbox, name: str, *kinds: str) -> None:
    for kind in kinds:
        await outbox.change(
            "INSERT INTO reaction (partition, message, kind, customer, at, last_at)"
            " SELECT partition, id, $2, customer, now(), now() FROM message WHERE id = $1",
            derived_id("msg", name),
            kind,
        )


async def converted(outbox: Outbox, message: UUID, revenue: str, currency: str) -> None:
    await outbox.change(
        "INSERT INTO conversion (partition, event, message, customer, touch, at, revenue, currency)"
        " SELECT partition, $2, id, customer, 'sent', now(), $3, $4 FROM message WHERE id = $1",
        message,
        uuid4(),
        Decimal(revenue),
        currency,
    )


async def runs(outbox: Outbox, *, reason: str, count: int, reached: int) -> None:
    for number in range(count):
        body = {"split": {"test": "x"}, "goal_until": "2030-01-01T00:00:00+00:00"}
        if number < reached:
            body["goal_at"] = "2026-01-01T00:00:00+00:00"
        await outbox.change(
            "INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, end_reason, body)"
            " VALUES (1, $1, $2, 'Cart', 1, 'ended', now(), $3, $4)",
            uuid4(),
            uuid4(),
            reason,
            body,
        )


async def test_messages_are_counted_by_what_became_of_them(outbox: Outbox, client: httpx.AsyncClient):
    [m1] = await outbox.fetch("SELECT id FROM message WHERE state = 'sent' AND channel = 'email' ORDER BY id LIMIT 1")
    await reacted(outbox, "m1", "delivered", "clicked")
    await reacted(outbox, "m2", "delivered", "opened")
    await reacted(outbox, "m3", "bounced")
    await converted(outbox, m1["id"], "99.90", "EUR")
    await converted(outbox, m1["id"], "10", "USD")

    answer = await client.get("/api/reports/messages", auth=(ADMIN_KEY, ""))

    found = MessageReportAnswer.model_validate(answer.json())
    [line] = found.messages
    figures = line.model_dump(exclude={"rule", "template", "channel", "revenue"})
    assert (line.rule, line.template, line.channel) == ("Cart", "cart", "email")
    assert figures == {
        "sent": 3,
        "delivered": 2,
        "opened": 2,
        "clicked": 1,
        "bounced": 1,
        "complained": 0,
        "unsubscribed": 0,
        "failed": 0,
        "suppressed": 1,
        "converted": 2,
    }
    assert [(each.amount, each.currency) for each in line.revenue] == [(Decimal("99.90"), "EUR"), (Decimal(10), "USD")]


async def test_those_who_got_nothing_by_lot_say_what_the_rule_brought(outbox: Outbox, client: httpx.AsyncClient):
    await runs(outbox, reason="finished", count=70, reached=56)
    await runs(outbox, reason="holdout", count=80, reached=48)

    answer = await client.get("/api/reports/messages", auth=(ADMIN_KEY, ""))

    [lift] = answer.json()["lifts"]
    assert lift["treated"] == {"people": 70, "converted": 56, "rate": 0.8}
    assert lift["held_out"] == {"people": 80, "converted": 48, "rate": 0.6}
    assert (round(lift["low"], 4), round(lift["high"], 4), lift["is_proven"]) == (0.0524, 0.3339, True)


async def test_the_text_says_it_in_lines(outbox: Outbox, database: Database):
    await reacted(outbox, "m1", "clicked")
    await runs(outbox, reason="finished", count=10, reached=5)
    await runs(outbox, reason="holdout", count=10, reached=4)
    now = utc_now() + timedelta(minutes=1)

    async with database.connection() as connection:
        text = rendered(await report_messages(connection, now - timedelta(days=30), now), 30)

    assert text == (
        "Messages of the last 30 days\n\n"
        'email "cart" · Cart\n'
        "  sent 3, opened 1 (33.3%), clicked 1 (33.3%), converted 0 (0.0%)\n"
        "  not allowed 1\n\n"
        "Cart: 50.0% of 10 reached the goal with it, 40.0% of 10 without it\n"
        "  no difference is proven yet: -29.0% … +45.1% in 19 cases of 20\n\n"
        "Where nothing is said of delivered ones, no provider has reported any."
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422, id="turned round"),
        pytest.param("since=2020-01-02T00:00:00Z", 422, id="too long"),
        pytest.param("since=yesterday", 422, id="no time"),
        pytest.param("since=2026-01-01T00:00:00", 422, id="no zone"),
        pytest.param("since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z", 200, id="a day"),
    ],
)
async def test_a_time_that_is_none_is_said(client: httpx.AsyncClient, query: str, status: int):
    answer = await client.get(f"/api/reports/messages?{query}", auth=(ADMIN_KEY, ""))

    assert answer.status_code == status


async def test_reports_are_for_the_operator(client: httpx.AsyncClient):
    assert (await client.get("/api/reports/messages", auth=("other", ""))).status_code == 401
