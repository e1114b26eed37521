"""What providers and mail servers report of messages: events, dead addresses, soft bounces in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from engine.callbacks import Report
from engine.flow.answers.judge_hits import plain_link
from engine.flow.answers.reacting import Reaction, take_reactions
from engine.flow.delivery.tracking_content import tracking_of
from engine.storage.customers.suppressions import suppress
from engine.storage.database import Connection
from engine.storage.delivery.callbacks import (
    Sighting,
    add_soft_bounces,
    end_streaks,
    known_reactions,
    messages_by_address,
)
from engine.storage.delivery.reactions import SentMessage, messages_of_provider, sent_messages
from engine.storage.kept_words import storable
from engine.texts import PublishedTexts
from engine.tracking.classes import Hit, class_of
from engine.tracking.policy import Tracking

#: The program that is assumed where a provider names none: that of a person.
_SOMEBODY = "a mail program"
_LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a list of reports."""

    reports: int
    unknown: int  # about messages that are none of ours
    suppressed: int
    woken: frozenset[int]  # partitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The settings by which reports are taken."""

    texts: PublishedTexts | None
    partitions: int
    public_url: str | None
    soft_bounces: int
    trusts_addresses: bool = True  # False: who reports is not known, so only what names a message of ours counts


async def take_reports(connection: Connection, reports: Sequence[Report], setting: Setting) -> Taken:
    """Store what they say, within the caller's transaction. A repeated report changes nothing but its last time."""
    reports = [_tidy(report) for report in reports]
    found = await _messages(connection, reports, setting.partitions)
    known = [(report, message) for report, message in zip(reports, found, strict=True) if message is not None]
    if not setting.trusts_addresses:
        known = [(report, message) for report, message in known if _is_about(report, message)]
    dead = _dead(known)
    if setting.trusts_addresses:
        strangers = (report for report, message in zip(reports, found, strict=True) if message is None)
        dead += [
            (report.channel, report.address, _why(report)) for report in strangers if report.address and report.hard
        ]
    dead += await _worn_out(connection, known, setting.soft_bounces)
    if dead:
        await suppress(connection, sorted(dict.fromkeys(dead)))
    arrived = {_place(report, message) for report, message in known if report.kind == "delivered"}
    if arrived:
        await end_streaks(connection, sorted(arrived))
    policy = tracking_of(setting.texts)
    reactions = [reaction for each in known if (reaction := _reaction(*each, policy, setting.public_url))]
    woken = await take_reactions(connection, reactions, setting.texts, partitions=setting.partitions)
    return Taken(reports=len(reports), unknown=len(reports) - len(known), suppressed=len(dead), woken=frozenset(woken))


def _tidy(report: Report) -> Report:
    """Without an address that the database cannot store."""
    address = storable(report.address or "").strip()
    return replace(report, address=address if 0 < len(address) <= _LONGEST_ADDRESS else None)


async def _messages(connection: Connection, reports: Sequence[Report], partitions: int) -> list[SentMessage | None]:
    """The message of each report: found by our own id, else by the provider's, else by the address and the time."""
    by_id: Mapping[UUID, SentMessage] = {}
    ids = {report.message for report in reports if report.message}
    if ids:
        by_id = await sent_messages(connection, [(None, message) for message in ids], partitions=partitions)
    found = [by_id.get(report.message) if report.message else None for report in reports]
    names = {report.provider_id for report, message in zip(reports, found, strict=True) if not message}
    by_name = await messages_of_provider(connection, [name for name in names if name]) if any(names) else {}
    found = [message or by_name.get(report.provider_id or "") for report, message in zip(reports, found, strict=True)]
    sightings = [None if message else _sighting(report) for report, message in zip(reports, found, strict=True)]
    if any(sightings):
        places = await messages_by_address(connection, [each for each in sightings if each])
        seen = await sent_messages(connection, places.values(), partitions=partitions)
        found = [
            message or (seen.get(places[sighting][1]) if sighting and sighting in places else None)
            for message, sighting in zip(found, sightings, strict=True)
        ]
    return found


def _sighting(report: Report) -> Sighting | None:
    if report.address is None or report.sent_at is None:
        return None
    return Sighting(report.channel, report.address.lower(), report.sent_at)


def _is_about(report: Report, message: SentMessage) -> bool:
    """A report that names another address than the message went to is not about it. Many name none."""
    return report.address is None or message.address is None or report.address.lower() == message.address.lower()


def _place(report: Report, message: SentMessage) -> tuple[str, str]:
    return message.channel, (message.address or report.address or "").lower()


def _why(report: Report) -> str:
    kind = "complained" if report.kind == "complained" else "hard bounce"
    return f"{kind}: {report.reason}" if report.reason else kind


def _dead(known: Sequence[tuple[Report, SentMessage]]) -> list[tuple[str, str, str]]:
    return [
        (*_place(report, message), _why(report))
        for report, message in known
        if (report.kind == "complained" or report.hard) and _place(report, message)[1]
    ]


async def _worn_out(
    connection: Connection, known: Sequence[tuple[Report, SentMessage]], limit: int
) -> list[tuple[str, str, str]]:
    """Addresses that bounced softly too often in a row. A message counts once."""
    soft = {message.id: (report, message) for report, message in known if report.kind == "bounced" and not report.hard}
    if not soft:
        return []
    places = [(message.partition, message.id) for _, message in soft.values()]
    told = await known_reactions(connection, places, "bounced")
    fresh = {_place(*each): each[0] for message, each in soft.items() if message not in told}
    streaks = await add_soft_bounces(connection, sorted(fresh)) if fresh else {}
    return [
        (*place, f"{streak} soft bounces in a row: {fresh[place].reason or 'no reason was given'}")
        for place, streak in streaks.items()
        if streak >= limit
    ]


def _reaction(report: Report, message: SentMessage, policy: Tracking, public_url: str | None) -> Reaction | None:
    """None: it says nothing about a person, or our own tracking sees it anyway."""
    properties: dict[str, Any] = {}
    place = ""
    if report.kind in ("opened", "clicked") and not _is_by_somebody(report, policy):
        return None
    if report.kind == "clicked" and report.link:
        if public_url and report.link.startswith(f"{public_url.rstrip('/')}/"):
            return None
        place = plain_link(report.link)
        properties["link"] = place
    if report.kind in ("bounced", "failed", "complained") and report.reason:
        properties["reason"] = report.reason
    if report.kind == "bounced":
        properties["hard"] = report.hard
        place = "hard" if report.hard else ""
    return Reaction(message=message, kind=report.kind, at=report.at, place=place, properties=properties)


def _is_by_somebody(report: Report, policy: Tracking) -> bool:
    if report.is_machine:
        return False
    headers = {"user-agent": report.agent or _SOMEBODY}
    hit = Hit(kind="opened" if report.kind == "opened" else "clicked", at=report.at, headers=headers)
    # The provider's clock is not ours: it does not say how soon after the hand-over this was.
    judged_as = class_of(hit, None, [])
    return judged_as == "person" or (judged_as == "proxy" and policy.proxies)
