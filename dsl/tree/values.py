"""Quantities, texts, paths and looks into history."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Literal, cast

from dsl import syntax
from dsl.currencies import CURRENCIES, OF_THOUSANDTHS
from dsl.diagnostics import Edit, Fix, Label
from dsl.keywords import PERIODS, UNITS
from dsl.messages import say
from dsl.parse_tree import Token
from dsl.source import Span
from dsl.suggestions import nearest
from dsl.tree.builder import Builder, Parts, as_token, is_token, token, tokens, tree
from dsl.tree.calendar import last_day_of_month

SIGNS = {"₽": "RUB", "$": "USD", "€": "EUR", "£": "GBP"}

_THOUSANDS = re.compile(r"(?<!\d)([1-9]\d{0,2})\.(\d{3})(?!\d)")
_QUANTITY = re.compile(r"(-?\d+(?:\.\d+)?)\s*(.*)", re.DOTALL)


def number(b: Builder, span: Span, parts: Parts) -> syntax.Number:
    written = str(parts[0])
    if written.endswith("0"):  # 1.555 may be a weight, and 1.500 is a thousand and a half to half of the world
        _refuse_thousands(b, span, written)
    return syntax.Number(span=span, value=Decimal(str(parts[0])))


def percent(b: Builder, span: Span, parts: Parts) -> syntax.Percent:
    return syntax.Percent(span=span, value=Decimal(str(parts[0]).rstrip("% \t\u00a0")))


def text(b: Builder, span: Span, parts: Parts) -> syntax.Text:
    return syntax.Text(span=span, text=str(parts[0])[1:-1])


def flag(b: Builder, span: Span, parts: Parts) -> syntax.Flag:
    return syntax.Flag(span=span, value=is_token(parts[0], "YES"))


def placeholder(b: Builder, span: Span, parts: Parts) -> syntax.Placeholder:
    column = str(parts[0])[1:-1]
    if not b.in_tests:
        label = Label(span, say("only the lines of a test with examples can have this"))
        b.problems.error("E128", say("a rule has no placeholders"), label)
    return syntax.Placeholder(span=span, column=column)


def money(b: Builder, span: Span, parts: Parts) -> syntax.Money:
    written = str(parts[0])
    _refuse_thousands(b, span, written)
    if written[0] in SIGNS:
        return syntax.Money(span=span, amount=Decimal(written[1:]), currency=SIGNS[written[0]])
    amount, mark = _split_quantity(written)
    currency = SIGNS.get(mark, mark)
    if currency not in CURRENCIES:
        _refuse_currency(b, Span(span.end - len(mark), span.end), mark)
    return syntax.Money(span=span, amount=Decimal(amount), currency=currency)


def _refuse_thousands(b: Builder, span: Span, written: str) -> None:
    """`1.500 EUR`: fifteen hundred in Berlin, and one and a half in London."""
    match = _THOUSANDS.search(written)
    if match is None or any(code in written for code in OF_THOUSANDTHS):
        return
    ways = [written.replace(match[0], match[1] + match[2])]
    if match[2].endswith("0"):
        decimals = (
            match[2][:2] if match[0] != written.lstrip("-") else match[2].rstrip("0")
        )  # cents are two, whatever they are
        ways.append(written.replace(match[0], f"{match[1]}.{decimals}".rstrip(".")))
    b.problems.error(
        "E112",
        say("numbers are written without separators"),
        Label(span, say("a point is the decimal sign")),
        fixes=[Fix(way, (Edit(span, way),)) for way in ways],
    )


def _refuse_currency(b: Builder, span: Span, mark: str) -> None:
    similar = nearest(mark, sorted(CURRENCIES))
    b.problems.error(
        "E111",
        say('there is no currency "{mark}"', mark=mark),
        Label(span, say("not a code of ISO 4217, such as RUB, USD, EUR")),
        fixes=[Fix(say('replace with "{word}"', word=word), (Edit(span, word),)) for word in similar[:3]],
    )


def duration(b: Builder, span: Span, parts: Parts) -> syntax.Duration:
    amount, word = _split_quantity(str(parts[0]))
    return syntax.Duration(span=span, amount=int(amount), unit=cast(syntax.Unit, UNITS[word.lower()]))


def period(b: Builder, part: Token) -> syntax.Duration:
    """`per day` is 1 day."""
    if part.type == "DURATION":
        return duration(b, b.span(part), (part,))
    return syntax.Duration(span=b.span(part), amount=1, unit=cast(syntax.Unit, PERIODS[part.lower()]))


def _split_quantity(written: str) -> tuple[str, str]:
    match = _QUANTITY.fullmatch(written)
    assert match is not None, "the lexer lets through nothing else"
    return match[1], match[2]


def day(b: Builder, span: Span, parts: Parts) -> syntax.Date:
    year, month, day_of_month = (int(piece) for piece in str(parts[0]).split("-"))
    try:
        return syntax.Date(span=span, value=date(year, month, day_of_month))
    except ValueError:
        return syntax.Date(span=span, value=_refuse_date(b, span, (year, month)))


def _refuse_date(b: Builder, span: Span, year_and_month: tuple[int, int]) -> date:
    year, month = year_and_month
    if not (1 <= month <= 12 and year >= 1):
        label = Label(span, say("dates are written year-month-day, such as 2026-12-31"))
        b.problems.error("E119", say("this date does not exist"), label)
        return date(2000, 1, 1)
    last = last_day_of_month(year, month)
    label = Label(span, say("this month has {day} days", day=last.day))
    b.problems.error("E119", say("this date does not exist"), label, fixes=[Fix(f"{last}", (Edit(span, f"{last}"),))])
    return last


def clock_time(b: Builder, span: Span, parts: Parts) -> syntax.ClockTime:
    hour, minute = (int(piece) for piece in str(parts[0]).split(":"))
    if hour < 24 and minute < 60:
        return syntax.ClockTime(span=span, value=time(hour, minute))
    midnight = hour == 24 and minute == 0
    fixes = [Fix("0:00", (Edit(span, "0:00"),))] if midnight else []
    why = say("midnight is 0:00, the first minute of a day") if midnight else say("a day goes from 0:00 to 23:59")
    b.problems.error(
        "E119", say("there is no time {hour}:{minute}", hour=hour, minute=f"{minute:02}"), Label(span, why), fixes=fixes
    )
    return syntax.ClockTime(span=span, value=time(0, 0))


def path(b: Builder, span: Span, parts: Parts) -> syntax.Path:
    return syntax.Path(span=span, parts=tuple([_path_part(b, part) for part in tokens(parts, "NAME", *_ROOTS)]))


_ROOTS = {"CUSTOMER": "customer", "EVENT": "event"}


def _path_part(b: Builder, part: Token) -> syntax.Name:
    # `клиент.city` and `customer.city` are the same path.
    root = _ROOTS.get(part.type)
    return b.name(part) if root is None else syntax.Name(span=b.span(part), text=root)


_FUNCTIONS: dict[str, Literal["count", "sum", "average"]] = {"COUNT": "count", "SUM": "sum", "AVERAGE": "average"}


def aggregate(b: Builder, span: Span, parts: Parts) -> syntax.Aggregate:
    function = token(parts, *_FUNCTIONS)
    assert function is not None
    where, window = tree(parts, "aggregate_where"), tree(parts, "window")
    return syntax.Aggregate(
        span=span,
        function=_FUNCTIONS[function.type],
        path=b.node(parts[1]),
        where=b.node(where.children[2]) if where else None,
        within=b.node(window.children[1]) if window else None,
    )


def last_value(b: Builder, span: Span, parts: Parts) -> syntax.LastValue:
    return syntax.LastValue(span=span, path=b.node(parts[1]))


def days_since(b: Builder, span: Span, parts: Parts) -> syntax.DaysSince:
    return syntax.DaysSince(span=span, event=b.name(as_token(parts[1])))


def values_of_list(b: Builder, span: Span, parts: Parts) -> tuple[syntax.Value, ...]:
    return b.nodes(part for part in parts if not is_token(part, "LPAR", "RPAR", "COMMA"))


def pair(b: Builder, span: Span, parts: Parts) -> syntax.Pair:
    return syntax.Pair(span=span, name=b.name(as_token(parts[0])), value=b.node(parts[2]))


def pairs(b: Builder, parts: Parts) -> tuple[syntax.Pair, ...]:
    """The pairs after `with`, when there are any."""
    found = tree(parts, "pairs")
    return b.nodes(part for part in found.children if not isinstance(part, Token)) if found else ()
