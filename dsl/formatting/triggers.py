"""What starts a rule, from its first word on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import syntax
from dsl.formatting.conditions import after, events, operand, same
from dsl.formatting.layout import Doc
from dsl.formatting.values import clock, day, path
from dsl.formatting.words import Words


def trigger(words: Words, found: syntax.Trigger, delay: syntax.Duration | None) -> Doc:
    """`when …`, `every …` or `on …`, and the delay."""
    if isinstance(found, syntax.ScheduleTrigger):
        return _schedule(words, found)
    doc: Doc = [f"{words('WHEN')} ", *_PRINTERS[type(found)](words, found)]
    return [*doc, 0, f"{words('AFTER')} {words.duration(delay)}"] if delay else doc


def _event(words: Words, found: syntax.EventTrigger) -> Doc:
    return events(words, found.events)


def _sequence(words: Words, found: syntax.SequenceTrigger) -> Doc:
    doc = events(words, found.first, 1)
    for step in found.then:
        negation = f"{words('NOT')} " if step.negated else ""
        within = f" {words('WITHIN')} {words.duration(step.within, 'genitive')}"
        then = f"{words('THEN', ru='затем')} {negation}"
        doc = [*doc, 0, then, *events(words, step.events, 1), same(words, step.same) + within]
    return doc


def _times(words: Words, found: syntax.TimesTrigger) -> Doc:
    within = f"{words('WITHIN')} {words.duration(found.within, 'genitive')}"
    times = f"{found.times} {words.times(found.times)} {within}{same(words, found.same)}"
    return [*events(words, found.events), 0, times]


def _segment(words: Words, found: syntax.SegmentTrigger) -> Doc:
    return [f"{words('CUSTOMER')} {words('ENTERS' if found.enters else 'LEAVES')} {found.segment.text}"]


def _change(words: Words, found: syntax.ChangeTrigger) -> Doc:
    to = f" {words('TO')} {operand(words, found.to)}" if found.to else ""
    return [f"{path(words, found.path)} {words.behind('CHANGES', found.path.span.end)}{to}"]


def _date(words: Words, found: syntax.DateTrigger) -> Doc:
    return [f"{moment_of(words, found)} {words('AT')} {clock(found.at)}"]


def moment_of(words: Words, found: syntax.DateTrigger | syntax.WaitUntilMoment) -> str:
    """`2 days before event.visit_at`, `start`."""
    if found.offset is None:
        return path(words, found.path, genitive=_waits(found)) if found.path else words("START")
    side = words("BEFORE") if found.before else words("AFTER", ru="после")
    far = path(words, found.path, genitive=True) if found.path else words("START")
    return f"{words.duration(found.offset, 'genitive' if _waits(found) else 'accusative')} {side} {far}"


def _waits(found: syntax.DateTrigger | syntax.WaitUntilMoment) -> bool:
    return isinstance(found, syntax.WaitUntilMoment)  # after `ждать до`, which takes the genitive


def _inactivity(words: Words, found: syntax.InactivityTrigger) -> Doc:
    return [f"{words('NO')} {found.event.text} {words('FOR_TIME')} {words.duration(found.during)}"]


def _schedule(words: Words, found: syntax.ScheduleTrigger) -> Doc:
    at = f"{words('AT')} {clock(found.at)}"
    start = f"{_begin(words, found.schedule)} {at} {words('FOR')} "
    if found.audience is None:
        return [start + words("EVERYONE")]
    audience = after(words, words("FOR"), found.audience)
    if str(audience[0]).split(maxsplit=1)[0].lower() in EVERYONE:
        audience = ["(", *audience, ")"]
    return [start, *audience]


EVERYONE = frozenset({Words("en")("EVERYONE"), Words("ru")("EVERYONE")})


def _begin(words: Words, found: syntax.Weekdays | syntax.Monthly | syntax.Yearly | syntax.OnDate) -> str:
    match found:
        case syntax.OnDate():
            return f"{words('ON_DATE')} {day(found.date)}"
        case syntax.Weekdays():
            weeks = f"{_weeks(words, found)} {words('ON')} " if found.every_weeks > 1 else ""
            return f"{words.every(found)} {weeks}{words.weekdays(found.days)}"
        case syntax.Monthly(day=None):
            return f"{words.every(found)} {words('MONTH')} {words('ON')} {words('LAST_DAY')}"
        case syntax.Monthly():
            on = f"{found.day} числа" if words.is_russian else f"{words('ON')} {found.day}"
            return f"{words.every(found)} {words('MONTH')} {on}"
        case syntax.Yearly():
            date = f"{found.day} {words.month(found.month)}"
            on = "" if words.language == "ru" else f"{words('ON')} "
            return f"{words.every(found)} {words('YEAR')} {on}{date}"


def _weeks(words: Words, found: syntax.Weekdays) -> str:
    return words.duration(syntax.Duration(span=found.span, amount=found.every_weeks, unit="week"))


_PRINTERS: dict[type, Callable[[Words, Any], Doc]] = {
    syntax.EventTrigger: _event,
    syntax.SequenceTrigger: _sequence,
    syntax.TimesTrigger: _times,
    syntax.SegmentTrigger: _segment,
    syntax.ChangeTrigger: _change,
    syntax.DateTrigger: _date,
    syntax.InactivityTrigger: _inactivity,
}
