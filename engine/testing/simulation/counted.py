"""What rules would have done over a stretch of time, counted. Nothing is sent and nothing is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from zoneinfo import ZoneInfo

from engine.testing.virtual.skips import NOT_SENT, read_skip
from engine.testing.virtual.world import World

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Z]{3})")


@dataclass(slots=True)
class Simulation:
    """Days are those of the workspace's zone. All counts are of messages, unless they say otherwise."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    events: int = 0  # that came in that time
    customers: int = 0  # that were looked at
    reached: int = 0  # of them, those who got something
    starts: Counter[str] = field(default_factory=Counter)  # runs, by rule
    sent: Counter[tuple[date, str, str]] = field(default_factory=Counter)  # day, channel, rule
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)  # rule, reason
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)  # runs that ended early: rule, reason
    overlaps: Counter[tuple[str, str]] = field(default_factory=Counter)  # customers with both rules on one day
    busiest: Counter[int] = field(default_factory=Counter)  # customers, by their most messages on one day
    outward: Counter[tuple[str, str]] = field(default_factory=Counter)  # calls and notes to the staff: channel, target
    promo: Counter[str] = field(default_factory=Counter)  # codes, by pool
    discounts: Mapping[str, str] = field(default_factory=dict)  # what a code is worth, by pool, as kogda.yaml says it

    @property
    def total(self) -> int:
        return self.sent.total()

    def by_rule(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for (_, _, rule), count in self.sent.items():
            counts[rule] += count
        return counts

    def by_day(self) -> Mapping[date, Counter[str]]:
        """Messages by channel, for each day that had any."""
        days: dict[date, Counter[str]] = {}
        for (day, channel, _), count in sorted(self.sent.items()):
            days.setdefault(day, Counter())[channel] += count
        return days

    def costs(self) -> Mapping[str, str]:
        """What the codes are worth, by pool: known where a code is worth an amount, not a share."""
        return {
            pool: f"{count * Decimal(found[1]):,f} {found[2]}"
            for pool, count in sorted(self.promo.items())
            if (found := _AMOUNT.fullmatch(self.discounts.get(pool, "").strip())) is not None
        }

    def add(self, world: World | None) -> None:
        """One customer's part; None: nothing happened."""
        self.customers += 1
        if world is None:
            return
        days: dict[date, list[str]] = {}
        for message in world.messages:
            if message.state in NOT_SENT:
                self.refused[message.rule, message.reason or message.state] += 1
            elif message.state == "sent" and message.is_outward:
                self.outward[message.channel, message.template] += 1
            elif message.state == "sent":
                day = message.at.astimezone(self.zone).date()
                self.sent[day, message.channel, message.rule] += 1
                days.setdefault(day, []).append(message.rule)
        self._add_notes(world)
        self._add_days(days)

    def _add_notes(self, world: World) -> None:
        for note in world.memory.notes:
            if note.what == "started":
                self.starts[world.rule_of(note)] += 1
            elif note.what == "ended":
                self.ended[world.rule_of(note), note.detail] += 1
            elif note.what == "skipped" and (said := read_skip(note.detail)) is not None:
                self.refused[world.rule_of(note), said.reason] += 1

    def _add_days(self, days: Mapping[date, list[str]]) -> None:
        if not days:
            return
        self.reached += 1
        self.busiest[max(len(rules) for rules in days.values())] += 1
        several = [sorted(set(rules)) for rules in days.values() if len(rules) > 1]
        self.overlaps.update({pair for rules in several for pair in combinations(rules, 2)})
