"""How a workspace spares people: nothing twice through two channels, and less for those who never react."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dsl.plan import Length
from engine.core.delivery.limits import CountedCap, Limits
from engine.core.reasons.of_guards import SUNSET

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """What another channel has said already is not said again."""

    within: timedelta = DAY
    by_topic: bool = False  # another template of the same topic counts, too
    is_asked_for: bool = False  # it holds for all marketing, not only for what has several ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunset:
    """Who has not reacted for so long gets no more than that."""

    after: timedelta
    cap: CountedCap

    def holds(self, engaged_at: datetime | None, now: datetime) -> bool:
        """`engaged_at`: the newest reaction, or the first message. None: nothing was sent so far."""
        return engaged_at is not None and now - engaged_at > self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparing:
    repeats: Repeats | None = None
    sunset: Sunset | None = None
    holidays: tuple[str, ...] = ()  # places whose public holidays are quiet for marketing: DE, DE-BY
    locale: str | None = None  # in which holidays are named

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Sparing:
        written = settings.get("repeats") or {}
        repeats = Repeats(
            within=timedelta(seconds=written["within_s"]) if "within_s" in written else DAY,
            by_topic=written.get("of") == "topic",
            is_asked_for=bool(written),
        )
        return cls(
            repeats=None if written.get("off") else repeats,
            sunset=_sunset(settings.get("sunset")),
            holidays=tuple(settings.get("holidays") or ()),
            locale=settings.get("locale"),
        )

    def holidays_for(self, limits: Limits, *, transactional: bool) -> tuple[str, ...]:
        return () if transactional or limits.ignores_quiet_hours else self.holidays

    def repeats_for(self, limits: Limits, *, transactional: bool) -> Repeats | None:
        if self.repeats is None or transactional:
            return None
        return self.repeats if self.repeats.is_asked_for or limits.has_several else None


def _sunset(written: Mapping[str, Any] | None) -> Sunset | None:
    if not written:
        return None
    days = written["after_s"] // 86400
    cap = CountedCap(limit=written["limit"], per=Length(*written["per"]), because=SUNSET.of(n=days))
    return Sunset(after=timedelta(seconds=written["after_s"]), cap=cap)


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says, and in which run: the ways of one run follow each other, and are no repetition."""

    run: UUID
    template: str
