"""What starts a rule."""

from __future__ import annotations

from dsl import syntax
from dsl.keywords import MONTHS, WEEKDAYS
from dsl.parse_tree import Token
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, as_token, is_token, token, tokens, tree, trees
from dsl.tree.mistakes import (
    report_day_of_month,
    report_missing_audience,
    report_other_everyone,
    report_period_of_schedule,
)

TRIGGERS = ("event_trigger", "sequence", "times", "enters", "leaves", "changes", "dated", "inactive", "schedule")


#: What people write for `everyone`.
EVERYBODY = ("all", "everybody", "anyone", "customers", "все", "каждого")


def events(b: Builder, span: Span, parts: Parts) -> syntax.Events:
    where = tree(parts, "where")
    names = tuple([b.name(name) for name in tokens(parts, "NAME")])
    return syntax.Events(span=span, names=names, where=b.node(where.children[1]) if where else None)


def same(b: Builder, parts: Parts) -> syntax.Name | None:
    """The property after `with same`, when it is said."""
    found = tree(parts, "same")
    return b.name(as_token(found.children[1])) if found else None


def event_trigger(b: Builder, span: Span, parts: Parts) -> syntax.EventTrigger:
    return syntax.EventTrigger(span=span, events=b.node(parts[0]))


def sequence(b: Builder, span: Span, parts: Parts) -> syntax.SequenceTrigger:
    return syntax.SequenceTrigger(span=span, first=b.node(parts[0]), then=b.nodes(parts[1:]))


def sequence_step(b: Builder, span: Span, parts: Parts) -> syntax.SequenceStep:
    return syntax.SequenceStep(
        span=span,
        negated=token(parts, "NOT") is not None,
        events=b.node(trees(parts, "events")[0]),
        same=same(b, parts),
        within=b.node(parts[-1]),
    )


def times(b: Builder, span: Span, parts: Parts) -> syntax.TimesTrigger:
    count = int(tokens(parts, "INT")[0])
    within = b.node(tokens(parts, "DURATION")[0])
    return syntax.TimesTrigger(span=span, events=b.node(parts[0]), times=count, within=within, same=same(b, parts))


def segment_border(b: Builder, span: Span, parts: Parts) -> syntax.SegmentTrigger:
    segment = b.name(tokens(parts, "NAME")[0])
    return syntax.SegmentTrigger(span=span, segment=segment, enters=is_token(parts[1], "ENTERS"))


def changes(b: Builder, span: Span, parts: Parts) -> syntax.ChangeTrigger:
    to = b.node(parts[3]) if len(parts) > 2 else None
    return syntax.ChangeTrigger(span=span, path=b.node(parts[0]), to=to)


def dated(b: Builder, span: Span, parts: Parts) -> syntax.DateTrigger:
    offset = token(parts, "DURATION")
    return syntax.DateTrigger(
        span=span,
        path=b.node(trees(parts, "date_path")[0]),
        at=b.node(parts[-1]),
        offset=b.node(offset) if offset else None,
        before=token(parts, "BEFORE") is not None,
    )


def inactive(b: Builder, span: Span, parts: Parts) -> syntax.InactivityTrigger:
    event = b.name(tokens(parts, "NAME")[0])
    return syntax.InactivityTrigger(span=span, event=event, during=b.node(parts[-1]))


def schedule(b: Builder, span: Span, parts: Parts) -> syntax.ScheduleTrigger:
    at = tokens(parts, "TIME")[0]
    return syntax.ScheduleTrigger(
        span=span,
        schedule=_on_date(b, parts) if is_token(parts[0], "ON_DATE") else b.node(parts[1]),
        at=b.node(at),
        audience=_audience(b, parts),
    )


def _on_date(b: Builder, parts: Parts) -> syntax.OnDate:
    return syntax.OnDate(span=b.span(parts[0]).to(b.span(parts[1])), date=b.node(parts[1]))


def _audience(b: Builder, parts: Parts) -> syntax.Condition | None:
    found = tree(parts, "audience")
    if found is None:
        report_missing_audience(b, parts)
        return None
    whom = found.children[1]
    if is_token(whom, "EVERYONE"):
        return None
    condition: syntax.Condition = b.node(whom)
    if isinstance(condition, syntax.Truth) and str(condition.value) in EVERYBODY:
        report_other_everyone(b, condition.span)
        return None
    return condition


def weekday_numbers(found: list[Token]) -> tuple[int, ...]:
    """In order, each once."""
    words = [" ".join(word.lower().split()) for word in found]
    return tuple(sorted({number for word in words for number in WEEKDAYS[word]}))


def weekdays(b: Builder, span: Span, parts: Parts) -> syntax.Weekdays:
    return syntax.Weekdays(span=span, days=weekday_numbers(tokens(parts, "WEEKDAY")))


def every_weeks(b: Builder, span: Span, parts: Parts) -> syntax.Weekdays:
    period: syntax.Duration = b.node(parts[0])
    if period.unit != "week":
        report_period_of_schedule(b, period)
    days = weekday_numbers(tokens(parts, "WEEKDAY"))
    return syntax.Weekdays(span=span, days=days, every_weeks=max(1, period.amount))


def monthly(b: Builder, span: Span, parts: Parts) -> syntax.Monthly:
    day = token(parts, "INT")
    if day is not None:
        _check_day(b, day, 31)
    return syntax.Monthly(span=span, day=int(day) if day else None)


def yearly(b: Builder, span: Span, parts: Parts) -> syntax.Yearly:
    day, month = tokens(parts, "INT")[0], MONTHS[tokens(parts, "MONTH_NAME")[0].lower()]
    _check_day(b, day, {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31))
    return syntax.Yearly(span=span, day=int(day), month=month)


def _check_day(b: Builder, day: Token, last: int) -> None:
    if not 1 <= int(day) <= last:
        report_day_of_month(b, b.span(day), last)
