"""What others than workers do to the database, each on a subject of its own: done again by whoever got no answer, it
must have been done once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from dsl import plan
from engine.callbacks import Call
from engine.callbacks.telegram import Started
from engine.clock import utc_now
from engine.core.identity import customer_id, event_id, partition_of
from engine.flow.accept_events import EventWriter
from engine.flow.answers.judge_hits import judge_hits
from engine.flow.answers.keep_hits import HitKeeper
from engine.flow.answers.read_inbox import note_read
from engine.flow.answers.take_callbacks import CallbackDesk
from engine.flow.answers.telegram_updates import take_update
from engine.flow.customers.change_consent import Choice, change_consent
from engine.flow.customers.erase_customer import erase_customer
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.publishing.include_past import include_past
from engine.flow.publishing.move_runs import move_runs
from engine.flow.publishing.publish_rules import publish
from engine.links.chat_links import chat_link
from engine.runtime import Runtime
from engine.storage.delivery.inbox import Place as InboxPlace
from engine.storage.events.events_in import COPY_FROM, TRACK, NewEvent
from engine.storage.events.rejects import Reject
from engine.tracking.tokens import Link, Place
from tests.drills.armed import Operation
from tests.engine.flow.shop import rule, send

MANY = COPY_FROM + 10
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
DAY = plan.Length(1, "day")
SILENT = plan.Rule(
    name="silent",
    file="silent.rules",
    line=1,
    trigger=plan.InactivityTrigger(event="visited", length=plan.Length(30, "day")),
    steps=(send("silent"),),
)
WAITS = rule("waits", "cart_left", plan.Wait(length=DAY, line=1), send("old"))
WAITS_ANEW = rule("waits", "cart_left", plan.Wait(length=DAY, line=1), send("new"))
SETTINGS = {"callbacks": {"secrets": {"postmark": "DRILL_SECRET"}}}


def customer_of(subject: int) -> UUID:
    return customer_id(f"u:{subject}")


async def accept(runtime: Runtime, subject: int) -> None:
    events = [_event(runtime, subject, number) for number in range(MANY)]
    await EventWriter(runtime.database, runtime.waker).accept(events, [Reject("drill", "is wrong", "$", "{}")])


def _event(runtime: Runtime, subject: int, number: int) -> NewEvent:
    customer = customer_of(subject)
    body = orjson.Fragment(orjson.dumps({"key": f"u:{subject}", "properties": {}}))
    known = event_id("drill", f"{subject}-{number}")
    where = partition_of(customer, runtime.partitions)
    return NewEvent(known, where, customer, TRACK, "accepted", utc_now(), "drill", body)


async def publish_rule(runtime: Runtime, subject: int) -> None:
    await publish(runtime.database, plan.Plan(rules=(rule(f"r{subject}", "seen"),)), templates={}, settings={})


async def take_bounce(runtime: Runtime, subject: int) -> None:
    runtime.secrets = {"DRILL_SECRET": "drill"}
    told = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "Email": f"c{subject}@example.com",
        "BouncedAt": utc_now().isoformat(),
    }
    told["Metadata"] = {"kogda-message": str(await _message_of(runtime, subject))}
    headers = {"x-kogda-secret": "drill"}
    call = Call(body=orjson.dumps(told), headers=headers, url="https://shop.example/", now=utc_now())
    await CallbackDesk(runtime, lambda: runtime.poster).take("postmark", call)


async def refuse_mails(runtime: Runtime, subject: int) -> None:
    await change_consent(runtime, Choice(customer=customer_of(subject), words={"email": False}, how="console"))


async def click(runtime: Runtime, subject: int) -> None:
    keeper = HitKeeper(runtime)
    keeper.pause_s = 60.0  # this process judges by itself
    message = await _message_of(runtime, subject)
    place = Place(partition_of(customer_of(subject), runtime.partitions), message)
    keeper.clicked(Link(place, 1, 2, "https://shop.example/"), method="GET", headers=BROWSER)
    await keeper.flush()
    await judge_hits(runtime, settled=timedelta())
    await keeper.close()


async def start_the_past(runtime: Runtime, subject: int) -> None:
    await include_past(runtime, SILENT.name, at_once=2)


async def move_everybody(runtime: Runtime, subject: int) -> None:
    async with runtime.database.connection() as connection:
        newest = await connection.fetchval("SELECT max(id) FROM rule_set")
    await move_runs(runtime, newest, {WAITS.name: "move"})


async def read_note(runtime: Runtime, subject: int) -> None:
    customer = customer_of(subject)
    place = InboxPlace(partition_of(customer, runtime.partitions), customer)
    await note_read(runtime, place, await _message_of(runtime, subject))


async def erase(runtime: Runtime, subject: int) -> None:
    with suppress(NobodyThere):  # it was done already
        await erase_customer(runtime, f"u:{subject}")


async def start_bot(runtime: Runtime, subject: int) -> None:
    now = utc_now()
    link = chat_link(runtime.link_key, "bot", customer_of(subject), today=now.date())
    await take_update(
        runtime,
        Started(id=subject, chat=str(subject), at=now, token=link.partition("=")[2], name=None, language=None),
    )


async def _message_of(runtime: Runtime, subject: int) -> UUID:
    async with runtime.database.connection() as connection:
        found: UUID = await connection.fetchval("SELECT id FROM message WHERE customer = $1", customer_of(subject))
    return found


@dataclass(frozen=True, slots=True)
class Deed:
    """An operation, the failpoints on its way, and what must be there once it was done: a count for its subject."""

    operation: Operation
    points: Sequence[str]
    effect: str  # $1: the customer, $2: the subject's number
    count: int = 1


_EVENTS = "SELECT count(*) FROM event WHERE customer = $1 AND $2 >= 0 AND name = "

DEEDS = (
    Deed(
        accept,
        ("ingest.received", "ingest.copied", "ingest.rejected", "ingest.committed", "ingest.answered"),
        _EVENTS + "'accepted'",
        MANY,
    ),
    Deed(take_bounce, ("callback.written", "callback.committed"), _EVENTS + "'email_bounced'"),
    Deed(
        refuse_mails,
        ("consent.written", "consent.committed"),
        "SELECT count(*) FROM consent_entry WHERE customer = $1 AND $2 >= 0",
    ),
    Deed(click, ("hits.kept", "hits.judged", "hits.committed"), _EVENTS + "'email_clicked'"),
    Deed(read_note, ("inbox.noted", "inbox.committed"), _EVENTS + "'email_opened'"),
    Deed(
        start_bot,
        ("telegram.taken", "telegram.committed"),
        "SELECT count(*) FROM contact WHERE customer = $1 AND $2 >= 0",
    ),
    Deed(
        erase,
        ("erase.written", "erase.committed"),
        "SELECT (SELECT count(*) FROM event WHERE customer = $1 AND $2 >= 0)"
        " + (SELECT count(*) FROM message WHERE customer = $1 AND address IS NOT NULL)",
        0,
    ),
    Deed(
        start_the_past,
        ("past.asked", "past.committed"),
        "SELECT count(*) FROM appointment WHERE name = 'silent' AND customer = $1 AND $2 >= 0 AND at <= now()",
    ),
    Deed(
        move_everybody,
        ("move.written", "move.committed"),
        "SELECT count(*) FROM run WHERE rule = 'waits' AND customer = $1 AND $2 >= 0"
        " AND rule_set = (SELECT max(id) FROM rule_set)",
    ),
    Deed(
        publish_rule,
        ("publish.stored", "publish.committed"),
        "SELECT count(*) FROM publication p JOIN rule_set r ON r.id = p.rule_set"
        " WHERE $1::uuid IS NOT NULL AND r.plan -> 'rules' -> 0 ->> 'name' = 'r' || $2::int",
    ),
)
