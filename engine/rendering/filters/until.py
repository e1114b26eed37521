"""How long until then, seen from the moment at which the mail goes out."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime, time, timedelta
from typing import Any

from babel.dates import format_timedelta
from babel.lists import format_list
from babel.units import format_unit

from engine.rendering.budget import current_budget
from engine.rendering.filters.local import is_nothing, locale, moment_or_day, zone
from engine.rendering.values import NotAllowed

#: Words for the days around today; other languages count them.
_NEAR = {"en": {-1: "yesterday", 0: "today", 1: "tomorrow"}, "ru": {-1: "вчера", 0: "сегодня", 1: "завтра"}}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def relative(value: Any) -> Any:
    """`tomorrow`, `in 3 days`, `2 weeks ago`: by the customer's own days."""
    if is_nothing(value):
        return value
    found = moment_or_day(value)
    day = found.astimezone(zone()).date() if isinstance(found, datetime) else found
    days = (day - _now().astimezone(zone()).date()).days
    near = _NEAR.get(locale().language, {}).get(days)
    return near or format_timedelta(
        timedelta(days=days), granularity="day", add_direction=True, threshold=2, locale=locale()
    )


def countdown(value: Any) -> Any:
    """`2 days, 5 hours` until then; empty when it is over. A day lasts until its end."""
    if is_nothing(value):
        return value
    left = int((_end_of(moment_or_day(value)) - _now()).total_seconds())
    if left <= 0:
        return ""
    first = next((place for place, (_, size) in enumerate(_UNITS) if left >= size), len(_UNITS) - 1)
    parts = []
    for unit, size in _UNITS[first : first + 2]:
        count, left = divmod(left, size)
        if count:
            parts.append(format_unit(count, f"duration-{unit}", locale=locale()))
    return format_list(parts or [format_unit(1, "duration-minute", locale=locale())], style="unit", locale=locale())


def _end_of(found: datetime | Day) -> datetime:
    if isinstance(found, datetime):
        return found
    return datetime.combine(found + timedelta(days=1), time(), tzinfo=zone())


def _now() -> datetime:
    now = current_budget().now
    if now is None:
        raise NotAllowed("nobody knows here when this mail goes out")
    return now
