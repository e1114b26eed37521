"""What became of the messages of a time: by rule, template and channel, and against those who got none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.flow.telling.report_borders import Borders, borders_between
from engine.storage.database import Connection
from engine.storage.reports.counting import HeldOut, counted_figures, held_out_counts
from engine.storage.reports.figures import Figure, Subject, figures_between
from engine.storage.reports.quarters import quarters_since
from engine.tracking.lift import Group, Lift, lift_of

#: In the order in which a report shows them.
FIGURES = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed", "suppressed",
    "converted",
)  # fmt: skip


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
    """Of messages decided from `since` until `until`, exclusive. Takes a transaction of its own, so that all of it is
    of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        borders = borders_between(since, until, await quarters_since(connection))
        figures = await _figures(connection, borders)
        held_out = await held_out_counts(connection, since, until)
    return MessageReport(since=since, until=until, lines=lines_of(figures), lifts=_lifts(list(held_out)))


async def _figures(connection: Connection, borders: Borders) -> list[Figure]:
    found = await figures_between(connection, borders.stretches)
    for part in borders.parts:
        counted = await counted_figures(connection, part.since, part.until)
        found += [each.times(part.sign) for each in counted]
    return found


def lines_of(figures: Iterable[Figure]) -> tuple[Line, ...]:
    """One for each subject that has something to show, the most sent first."""
    counts: defaultdict[Subject, Counter[str]] = defaultdict(Counter)
    worth: defaultdict[Subject, dict[str, Figure]] = defaultdict(dict)
    for figure in figures:
        if figure.name in FIGURES:
            counts[figure.subject][figure.name] += figure.count
        elif figure.name == "revenue":
            known = worth[figure.subject].get(figure.currency)
            worth[figure.subject][figure.currency] = figure.plus(known) if known else figure
    lines = [
        Line(
            subject=subject,
            counts=counted,
            revenue={currency: each.amount for currency, each in worth[subject].items() if each.count},
        )
        for subject, counted in counts.items()
        if any(counted.values())
    ]
    return tuple(sorted(lines, key=lambda each: (-each.counts["sent"], each.subject)))


def _lifts(counted: list[HeldOut]) -> dict[str, Lift]:
    groups: defaultdict[str, dict[bool, Group]] = defaultdict(dict)
    for each in counted:
        groups[each.rule][each.is_held_out] = Group(people=each.people, converted=each.converted)
    nobody = Group(people=0, converted=0)
    found = {rule: lift_of(pair.get(False, nobody), pair.get(True, nobody)) for rule, pair in sorted(groups.items())}
    return {rule: lift for rule, lift in found.items() if lift is not None}
