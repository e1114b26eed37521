"""What became of the messages of a time: by rule, template and channel, and against those who got none."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.storage.database import Connection
from engine.storage.reports import (
    HeldOut,
    Subject,
    conversion_counts,
    held_out_counts,
    message_counts,
    reaction_counts,
    unsubscribe_counts,
)
from engine.tracking.lift import Group, Lift, lift_of

#: In the order in which a report shows them.
FIGURES = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed", "suppressed",
    "converted",
)  # fmt: skip
#: It may have been sent: too many is better than too few.
_SENT = ("sent", "unknown")


@dataclass(slots=True, kw_only=True)
class Line:
    subject: Subject
    counts: Counter[str] = field(default_factory=Counter)  # messages, by FIGURES
    revenue: dict[str, Decimal] = field(default_factory=dict)  # by currency; "" without one


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport:
    since: datetime
    until: datetime
    lines: tuple[Line, ...]  # most sent first
    lifts: dict[str, Lift]  # by rule, of those that keep customers out by lot


async def report_messages(connection: Connection, since: datetime, until: datetime) -> MessageReport:
    """Of messages decided from `since` until `until`, exclusive."""
    found: dict[Subject, Line] = {}

    def line(subject: Subject) -> Line:
        return found.setdefault(subject, Line(subject=subject))

    for subject, state, count in await message_counts(connection, since, until):
        name = "sent" if state in _SENT else state
        if name in FIGURES:
            line(subject).counts[name] += count
    for subject, kind, count in await reaction_counts(connection, since, until):
        line(subject).counts[kind] += count
    for subject, count in await unsubscribe_counts(connection, since, until):
        line(subject).counts["unsubscribed"] += count
    for subject, currency, count, revenue in await conversion_counts(connection, since, until):
        line(subject).counts["converted"] += count
        if revenue is not None:
            line(subject).revenue[currency or ""] = revenue
    return MessageReport(
        since=since,
        until=until,
        lines=tuple(sorted(found.values(), key=lambda each: (-each.counts["sent"], each.subject))),
        lifts=_lifts(list(await held_out_counts(connection, since, until))),
    )


def _lifts(counted: list[HeldOut]) -> dict[str, Lift]:
    groups: defaultdict[str, dict[bool, Group]] = defaultdict(dict)
    for each in counted:
        groups[each.rule][each.is_held_out] = Group(people=each.people, converted=each.converted)
    nobody = Group(people=0, converted=0)
    found = {rule: lift_of(pair.get(False, nobody), pair.get(True, nobody)) for rule, pair in sorted(groups.items())}
    return {rule: lift for rule, lift in found.items() if lift is not None}
