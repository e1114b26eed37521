"""The timeline of a test as rows: what was expected beside what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from dsl.messages import say
from engine.core.effects import Note
from engine.core.model import Event
from engine.core.telling.told import tell_message, tell_note
from engine.testing.cases.judging import Judgement
from engine.testing.cases.outcome import Row
from engine.testing.virtual.timeline import Entry, SentMessage

_TOLD = ("started", "restarted", "skipped", "split", "changed", "emitted", "issued", "ended")


def rows_of(judgement: Judgement) -> tuple[Row, ...]:
    """By time; a missing message stands where it should have been sent."""
    rows = sorted([*_happened(judgement), *_missing(judgement)], key=lambda pair: pair[0])
    return tuple(row for _, row in rows)


def _missing(judgement: Judgement) -> Iterator[tuple[datetime, Row]]:
    people = judgement.play.script.people
    for wanted in judgement.missing:
        who = wanted.who or next(iter(people.values()))
        row = Row(at=wanted.low.astimezone(who.zone), who=who.name, expected=wanted.text, is_right=False)
        yield wanted.low, row


def _happened(judgement: Judgement) -> Iterator[tuple[datetime, Row]]:
    wanted = {id(judgement.sent[place]): each.text for place, each in judgement.matched.items()}
    for entry in judgement.play.world.timeline:
        zone = judgement.zone_of(entry.customer)
        told = _told(entry, zone)
        if told is None:
            continue
        is_right = None
        if id(entry.about) in wanted:
            is_right = True
        elif any(entry.about is each for each in judgement.unexpected):
            is_right = False
        at = entry.about.at if isinstance(entry.about, Event) else entry.at
        row = Row(
            at=at.astimezone(zone),
            who=judgement.play.name_of(entry.customer),
            expected=wanted.get(id(entry.about), ""),
            actual=told,
            is_right=is_right,
        )
        yield at, row


def _told(entry: Entry, zone: ZoneInfo) -> str | None:
    about = entry.about
    if isinstance(about, Event):
        return (
            say("event {about}", about=about.name)
            if about.name
            else say("{all} becomes known", all=", ".join(about.properties))
        )
    if isinstance(about, SentMessage):
        return tell_message(about.spoken_channel, about.template, about.state, about.reason)
    if isinstance(about, Note) and about.what in _TOLD:
        return say('"{rule}" {what}', rule=entry.rule, what=tell_note(about.what, about.detail, zone))
    return None
