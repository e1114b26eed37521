"""Nothing is said twice through two channels, and who never reacts gets less."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from engine.core.delivery.sparing import Repeats, Said
from engine.core.guards import Counted, MessageFacts
from engine.core.guards.no_repeats import check_repeats
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.public_holidays import dates_of
from engine.storage.database import Database
from tests.engine.delivery.outbox import SETTINGS, Outbox, ScriptedChannel

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINE, OTHER = uuid4(), uuid4()
TEMPLATES = {
    "email/cart.html": "---\nsubject: Hello\n---\n<p>x</p>",
    "email/news.html": "---\nsubject: News\ntopic: news\n---\n<p>News</p>",
    "sms/cart.txt": "Hello",
}
SUNSET = {"sunset": {"after_s": 180 * 86400, "limit": 1, "per": [30, "day"]}}


def said(channel: str, template: str, *, run: Any = OTHER, topic: str | None = None, hours: int = 1) -> Counted:
    return Counted(
        at=NOW - timedelta(hours=hours),
        rule="r",
        channel=channel,
        topic=topic,
        transactional=False,
        said=Said(run, template),
    )


@pytest.mark.parametrize(
    ("counted", "by_topic", "reason"),
    [
        pytest.param(said("email", "cart"), False, "said already by email", id="the same by another channel"),
        pytest.param(said("sms", "cart"), False, None, id="the same channel is for caps"),
        pytest.param(said("email", "cart", run=MINE), False, None, id="the way before it, in the same run"),
        pytest.param(said("email", "other", topic="news"), False, None, id="the topic is not asked for"),
        pytest.param(said("email", "other", topic="news"), True, "said already by email", id="the same topic"),
        pytest.param(said("email", "other"), True, None, id="no topic"),
        pytest.param(said("email", "cart", hours=24), False, None, id="a day ago"),
    ],
)
def test_what_counts_as_said_already(counted: Counted, by_topic: bool, reason: str | None):
    facts = MessageFacts(
        channel="sms",
        address="+49",
        transactional=False,
        topic="news",
        said=Said(MINE, "cart"),
        repeats=Repeats(by_topic=by_topic),
        counted=(counted,),
    )

    block = check_repeats(facts, NOW)

    assert (block.reason if block else None) == reason


async def open_outbox(database: Database, **settings: Any) -> Outbox:
    outbox = Outbox(database)
    outbox.runtime.channels = {"email": outbox.channel, "sms": ScriptedChannel()}
    await outbox.publish(templates=TEMPLATES, settings=SETTINGS | settings)
    await outbox.customer(phone="+4917012345")
    return outbox


SEVERAL: Mapping[str, Any] = {"limits": {"several": True}}


@pytest.mark.parametrize(
    ("settings", "values", "states"),
    [
        pytest.param({}, SEVERAL, ["sent", "suppressed"], id="one of several ways"),
        pytest.param({}, {}, ["sent", "sent"], id="a plain send, and nothing said in kogda.yaml"),
        pytest.param({"repeats": {"within_s": 3600}}, {}, ["sent", "suppressed"], id="a plain send, asked for"),
        pytest.param({"repeats": {"off": True}}, SEVERAL, ["sent", "sent"], id="switched off"),
        pytest.param({}, {**SEVERAL, "transactional": True}, ["sent", "sent"], id="transactional"),
    ],
)
async def test_two_rules_do_not_say_the_same_through_two_channels(
    database: Database, settings: Mapping[str, Any], values: Mapping[str, Any], states: list[str]
):
    outbox = await open_outbox(database, **settings)
    mail = await outbox.message("mail", **values)
    text = await outbox.message("text", channel="sms", **values)

    await deliver_messages(outbox.runtime)

    rows = [await outbox.row(message) for message in (mail, text)]
    assert sorted(row["state"] for row in rows) == states
    assert {row["reason"] for row in rows if row["state"] == "suppressed"} <= {
        "said already by email",
        "said already by sms",
    }


async def history(outbox: Outbox, *, days: int, reacted: int | None = None) -> None:
    """A mail that was sent so many days ago, and perhaps opened some days ago."""
    message = await outbox.message("old", state="sent")
    await outbox.change(
        "UPDATE message SET created_at = now() - $1::interval, settled_at = now() - $1::interval", timedelta(days=days)
    )
    if reacted is not None:
        await outbox.change(
            "INSERT INTO reaction (partition, message, kind, customer, at, last_at)"
            " SELECT partition, id, 'opened', customer, now(), now() - $2::interval FROM message WHERE id = $1",
            message,
            timedelta(days=reacted),
        )


@pytest.mark.parametrize(
    ("settings", "days", "reacted", "values", "states"),
    [
        pytest.param(SUNSET, 200, None, {}, ["sent", "suppressed"], id="never reacted"),
        pytest.param(SUNSET, 400, 190, {}, ["sent", "suppressed"], id="reacted long ago"),
        pytest.param(SUNSET, 400, 20, {}, ["sent", "sent"], id="reacted lately"),
        pytest.param(SUNSET, 100, None, {}, ["sent", "sent"], id="too new to tell"),
        pytest.param(SUNSET, 200, None, {"transactional": True}, ["sent", "sent"], id="transactional"),
        pytest.param({}, 200, None, {}, ["sent", "sent"], id="no policy"),
        pytest.param(
            SUNSET | {"tracking": {"opens": False, "clicks": False}}, 200, None, {}, ["sent", "sent"], id="not tracked"
        ),
    ],
)
async def test_who_does_not_react_any_more_gets_less_marketing(
    database: Database,
    settings: Mapping[str, Any],
    days: int,
    reacted: int | None,
    values: Mapping[str, Any],
    states: list[str],
):
    outbox = await open_outbox(database, **settings)
    await history(outbox, days=days, reacted=reacted)
    messages = [await outbox.message(name, **values) for name in ("one", "two")]

    await deliver_messages(outbox.runtime)

    rows = [await outbox.row(message) for message in messages]
    assert sorted(row["state"] for row in rows) == states
    assert {row["reason"] for row in rows if row["state"] == "suppressed"} <= {"sunset: no reaction for 180 days"}


async def test_marketing_waits_for_the_end_of_a_public_holiday(database: Database, monkeypatch: pytest.MonkeyPatch):
    outbox = await open_outbox(database, holidays=["DE"])
    today = (await outbox.fetch("SELECT now() AT TIME ZONE 'Europe/Berlin' AS today"))[0]["today"].date()
    monkeypatch.setitem(sys.modules, "holidays", Calendar({today: "Founders' Day"}))
    dates_of.cache_clear()
    offer, receipt = await outbox.message("offer"), await outbox.message("receipt", transactional=True)

    await deliver_messages(outbox.runtime)
    dates_of.cache_clear()

    row = await outbox.row(offer)
    assert (row["state"], row["reason"], row["attempts"]) == ("queued", "public holiday: Founders' Day", 0)
    assert row["due_at"].astimezone(ZoneInfo("Europe/Berlin")).date() == today + timedelta(days=1)
    assert (await outbox.row(receipt))["state"] == "sent"


class Calendar:
    """The library of holidays, in a country with one."""

    default_language = "en"
    supported_languages = ("en",)

    def __init__(self, days: Mapping[date, str]) -> None:
        self.days = days

    def country_holidays(self, _country: str, **_options: object) -> Calendar:
        return self

    def items(self) -> Any:
        return self.days.items()

    def list_supported_countries(self) -> dict[str, list[str]]:
        return {"DE": []}
