"""Guards and the other clauses between the trigger and the first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import syntax
from dsl.formatting.conditions import after, events, same
from dsl.formatting.layout import Doc
from dsl.formatting.values import clock, day, path, quoted
from dsl.formatting.words import Words


def clause(words: Words, found: syntax.Clause) -> Doc:
    return _PRINTERS[type(found)](words, found)


def _guard(terminal: str) -> Callable[[Words, Any], Doc]:
    def written(words: Words, found: Any) -> Doc:
        return [f"{words(terminal)} ", *after(words, words(terminal), found.condition)]

    return written


def _stop_when(words: Words, found: syntax.StopWhen) -> Doc:
    return [f"{words('STOP_WHEN')} ", *events(words, found.events), same(words, found.same)]


def _goal(words: Words, found: syntax.Goal) -> Doc:
    within = f" {words('WITHIN')} {words.duration(found.within, 'genitive')}"
    return [f"{words('GOAL')} ", *events(words, found.events), within]


def _once_per(words: Words, found: syntax.OncePer) -> Doc:
    written = words("ONCE")
    if found.key:
        # `на клиента`, `на событие.cart_id`: the customer alone is inflected.
        key = path(words, found.key, genitive=len(found.key.parts) == 1)
        written += f" {words('PER', ru='на')} {key}"
    return [written + (per(words, found.window, key=found.key is not None) if found.window else "")]


def per(words: Words, window: syntax.Duration, *, key: bool = False) -> str:
    """` per day`, ` per 7 days`."""
    period = words.period(window)
    if period is None:
        return f" {words('PER')} {words.duration(window)}"
    # After a path `в день` would be read as the beginning of the next item: `on 2026-12-31`.
    return f" {words('PER', ru=None if key else 'в')} {period}"


def _cap(words: Words, found: syntax.Cap) -> Doc:
    what = words.channel_of(found.limit, found.channel) if found.channel else words.messages(found.limit)
    return [f"{words('AT_MOST')} {found.limit} {what}{per(words, found.per)}"]


def _quiet_hours(words: Words, found: syntax.QuietHours) -> Doc:
    return [f"{words('QUIET_HOURS')} {clock(found.start)} {words('TO', ru='до')} {clock(found.end)}"]


def _active(words: Words, found: syntax.Active) -> Doc:
    until = f" {words('UNTIL', ru='по')} {day(found.until)}" if found.until else ""
    return [f"{words('ACTIVE')} {words('FROM')} {day(found.since)}{until}"]


def _timezone(words: Words, found: syntax.Timezone) -> Doc:
    zone = quoted(found.zone.text) if found.zone else words("CUSTOMER", ru="клиента")
    return [f"{words('TIMEZONE')} {zone}"]


_PRINTERS: dict[type, Callable[[Words, Any], Doc]] = {
    syntax.OnlyIf: _guard("ONLY_IF"),
    syntax.Unless: _guard("UNLESS"),
    syntax.StopWhen: _stop_when,
    syntax.Goal: _goal,
    syntax.OncePer: _once_per,
    syntax.IfRepeated: lambda words, found: [f"{words('IF_REPEATED')} {words(found.policy.upper())}"],
    syntax.Cap: _cap,
    syntax.FirstCustomers: lambda words, found: [
        f"{words.first(found.limit)} {found.limit} {words.customers(found.limit)}"
    ],
    syntax.QuietHours: _quiet_hours,
    syntax.IgnoreQuietHours: lambda words, found: [words("IGNORE_QUIET_HOURS")],
    syntax.Transactional: lambda words, found: [words("TRANSACTIONAL")],
    syntax.CatchUp: lambda words, found: [f"{words('CATCH_UP')} {words.duration(found.within)}"],
    syntax.Timezone: _timezone,
    syntax.Priority: lambda words, found: [f"{words('PRIORITY')} {found.value}"],
    syntax.Active: _active,
    syntax.Owner: lambda words, found: [f"{words('OWNER')} {quoted(found.name.text)}"],
    syntax.Description: lambda words, found: [f"{words('DESCRIPTION')} {quoted(found.text.text)}"],
}
