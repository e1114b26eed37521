"""How fast a provider may be used: by kogda.yaml for a channel, and for one recipient domain of it. Pure: what was used
so far comes in, and goes out again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.core import calendar

Per: TypeAlias = Literal["second", "minute", "hour", "day"]

#: Seconds and minutes are paced: one message after the other. Hours and days are counted, by the clock.
_PACED: Mapping[Per, float] = {"second": 1.0, "minute": 60.0}
#: How far ahead places are given away. Service messages wait behind what marketing was given, so that is little.
_AHEAD = {True: timedelta(seconds=2), False: timedelta(seconds=0.5)}
_UTC = ZoneInfo("UTC")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
#: Of what a day or an hour allows, one in so many is kept for service messages.
_KEPT = 20


@dataclass(frozen=True, slots=True)
class Rate:
    limit: int
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A new sender begins small: how many a day, from the first day on."""

    start: date
    days: tuple[int, ...]

    def limit(self, today: date) -> int | None:
        """None: it is over."""
        day = max((today - self.start).days, 0)
        return self.days[day] if day < len(self.days) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLimits:
    """Of one channel."""

    rates: tuple[Rate, ...] = ()
    domains: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    warm_up: WarmUp | None = None

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> ProviderLimits | None:
        """None: there are none."""
        warm_up = written.get("warm_up")
        limits = cls(
            rates=_rates(written.get("limit", ())),
            domains={domain: _rates(rates) for domain, rates in written.get("domains", {}).items()},
            warm_up=WarmUp(start=date.fromisoformat(warm_up["start"]), days=tuple(warm_up["days"]))
            if warm_up
            else None,
        )
        return limits if limits != cls() else None

    def of_channel(self, today: date) -> Iterator[Rate]:
        most = self.warm_up.limit(today) if self.warm_up else None
        rates = [*self.rates, *([Rate(most, "day")] if most is not None else [])]
        return _smallest(rates)

    def of_domain(self, domain: str) -> Iterator[Rate]:
        return _smallest(self.domains.get(domain, ()))


def _smallest(rates: Sequence[Rate]) -> Iterator[Rate]:
    """One for each length of time: each is counted once."""
    for per in dict.fromkeys(rate.per for rate in rates):
        yield min((rate for rate in rates if rate.per == per), key=lambda rate: rate.limit)


def _rates(written: Iterable[tuple[int, Per]]) -> tuple[Rate, ...]:
    return tuple(Rate(limit, per) for limit, per in written)


def limits_by_channel(settings: Mapping[str, Any]) -> dict[str, ProviderLimits]:
    """Of the channels that have some."""
    found = {name: ProviderLimits.from_json(each) for name, each in (settings.get("providers") or {}).items()}
    return {name: limits for name, limits in found.items() if limits is not None}


@dataclass(slots=True, kw_only=True)
class Use:
    """What was used of one limit: when the next place is free, or how many places of the period are taken."""

    free_at: datetime = _LONG_AGO
    period: str = ""
    used: int = 0


@dataclass(frozen=True, slots=True)
class Full:
    """No place now. `domain`: only this one is full."""

    until: datetime
    domain: str | None


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The uses of all limits that a claim may touch, by name; it is changed by what is taken."""

    limits: Mapping[str, ProviderLimits]
    uses: dict[str, Use]
    now: datetime
    zone: ZoneInfo
    today: date  # there
    _waiting: dict[str, int] = field(default_factory=dict)  # put off by this claim, by domain

    def take(self, channel: str, domain: str, *, is_service: bool) -> datetime | Full:
        """When the message may be handed over; its place is taken then."""
        rates = list(self._applying(channel, domain))
        moments = [self._free_at(name, rate, is_service=is_service) for name, rate, _ in rates]
        moment = max(moments, default=self.now)
        if moment > self.now + _AHEAD[is_service]:
            return self._full(moment, rates[moments.index(moment)], ahead=_AHEAD[is_service])
        for name, rate, _ in rates:
            self._use(name, rate, moment)
        return moment

    def _applying(self, channel: str, domain: str) -> Iterator[tuple[str, Rate, str | None]]:
        limits = self.limits.get(channel)
        if limits is None:
            return
        for rate in limits.of_channel(self.today):
            yield channel, rate, None
        for rate in limits.of_domain(domain):
            yield f"{channel} {domain}", rate, domain

    def _full(self, moment: datetime, place: tuple[str, Rate, str | None], *, ahead: timedelta) -> Full:
        _, rate, domain = place
        if rate.per not in _PACED:
            return Full(moment, domain)
        # Looked at again when half of what was given away is used up, so that there is no gap.
        moment -= ahead / 2
        if domain is None:
            return Full(moment, domain)
        waiting = self._waiting[domain] = self._waiting.get(domain, 0) + 1
        return Full(moment + (waiting - 1) * _gap(rate), domain)

    def _free_at(self, name: str, rate: Rate, *, is_service: bool) -> datetime:
        use = self.uses[use_name(name, rate)]
        if rate.per in _PACED:
            return max(use.free_at, self.now)
        used = use.used if use.period == self._period(rate) else 0
        kept = 0 if is_service else rate.limit // _KEPT
        return self.now if used < rate.limit - kept else self._next_period(rate)

    def _use(self, name: str, rate: Rate, moment: datetime) -> None:
        use = self.uses[use_name(name, rate)]
        if rate.per in _PACED:
            use.free_at = moment + _gap(rate)
            return
        period = self._period(rate)
        use.used = use.used + 1 if use.period == period else 1
        use.period = period

    def _period(self, rate: Rate) -> str:
        return self.today.isoformat() if rate.per == "day" else self.now.astimezone(UTC).isoformat()[:13]

    def _next_period(self, rate: Rate) -> datetime:
        if rate.per == "hour":
            return self.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return calendar.resolve(datetime.combine(self.today + timedelta(days=1), time(0)), self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The limits that some messages may meet, on one day of the workspace."""

    limits: Mapping[str, ProviderLimits]
    names: Sequence[str]  # of the uses to read; none: nothing is limited
    zone: ZoneInfo
    today: date

    def ledger(self, uses: dict[str, Use], now: datetime) -> Ledger:
        """The day stays that of the names: one that ends meanwhile is over for the next claim."""
        return Ledger(limits=self.limits, uses=uses, now=now, zone=self.zone, today=self.today)


def limited(
    limits: Mapping[str, ProviderLimits], timezone: str, wanted: Iterable[tuple[str, str]], *, at: datetime
) -> Limited:
    """`wanted`: channel and domain of each message."""
    zone = calendar.zone_named(timezone) or _UTC
    today = at.astimezone(zone).date()
    return Limited(limits=limits, names=use_names(limits, wanted, today), zone=zone, today=today)


def _gap(rate: Rate) -> timedelta:
    """Rounded up: a clock that ticks in microseconds never lets one more through."""
    return timedelta(microseconds=math.ceil(_PACED[rate.per] * 1_000_000 / rate.limit))


def use_name(name: str, rate: Rate) -> str:
    return f"{name}/{rate.per}"


def use_names(limits: Mapping[str, ProviderLimits], wanted: Iterable[tuple[str, str]], today: date) -> list[str]:
    """Of what messages to these channels and domains may use, each once, in order."""
    names = set()
    for channel, domain in set(wanted):
        if channel in limits:
            names |= {use_name(channel, rate) for rate in limits[channel].of_channel(today)}
            names |= {use_name(f"{channel} {domain}", rate) for rate in limits[channel].of_domain(domain)}
    return sorted(names)
