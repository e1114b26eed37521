"""Filters that speak the customer's language and know their time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from datetime import date as Day
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from jinja2 import Undefined

from engine.core import values
from engine.rendering.budget import current_budget
from engine.rendering.values import NotAllowed, as_number, as_text

_STYLES = ("short", "medium", "long", "full")
_LONGEST_AMOUNT = 80
_PATTERN = re.compile(r"[A-Za-z0-9 .,:/'\-–«»а-яА-Я]{1,60}")


def money(value: Any, currency: Any = None, whole: Any = False, times: Any = None, beside: Any = None) -> Any:
    """`{"amount": "1500.00", "currency": "RUB"}`, `"1500 RUB"` or a number, as the customer writes it: 1 500,00 ₽.

    A currency that stands in the text itself goes before any other, as in rules. Always with the digits of the
    currency, so that amounts below each other match; `money(whole=true)` leaves out cents that are zero. With `times`
    it is that many of them. `beside` comes from the compiled template: the `currency` beside the value.
    """
    if is_nothing(value):
        return value
    given = value if isinstance(value, dict) else {}
    unit = as_text(currency or given.get("currency") or _unit_beside(beside))
    unit, amount = _amount(given.get("amount") if given else value, unit)
    if not is_nothing(times):
        amount *= _decimal(times)
    if not unit:
        return number(amount)
    if not re.fullmatch(r"[A-Za-z]{3}", unit):
        raise NotAllowed(f"`{unit[:10]}` is not a currency code like EUR")
    if whole and amount == amount.to_integral_value():
        return _whole(amount, unit.upper())
    return format_currency(amount, unit.upper(), locale=locale())


def _unit_beside(beside: Any) -> str:
    """As rules take it, and where an element of a list names none, that of its event. A mail is no place to complain:
    in a currency that nobody knows it shows the bare number."""
    budget = current_budget()
    said = beside if isinstance(beside, str) else budget.beside
    unit = values.currency_beside(said, budget.currency) or ""
    return unit if unit.isascii() and unit.isalpha() else ""


def number(value: Any, decimals: Any = None) -> Any:
    if is_nothing(value):
        return value
    amount = _decimal(value)
    if decimals is not None:
        places = max(0, min(int(as_number(decimals)), 12))
        amount = round(amount, places)
        return format_decimal(amount, f"#,##0.{'0' * places}" if places else "#,##0", locale=locale())
    return format_decimal(amount, locale=locale())


def date(value: Any, form: Any = "long") -> Any:
    """`short`, `medium`, `long`, `full`, or a pattern like `d MMMM`. A moment is shown as the customer's own day."""
    if is_nothing(value):
        return value
    found = moment_or_day(value)
    if isinstance(found, datetime):
        if form not in _STYLES:
            return format_datetime(found, _pattern(form), tzinfo=zone(), locale=locale())
        return format_date(found.astimezone(zone()).date(), form, locale=locale())
    return format_date(found, _pattern(form), locale=locale())


def time(value: Any, form: Any = "short") -> Any:
    """The clock time of a moment, in the customer's zone."""
    if is_nothing(value):
        return value
    found = moment_or_day(value)
    if not isinstance(found, datetime):
        raise NotAllowed("a date has no time; use `date`")
    return format_time(found, _pattern(form), tzinfo=zone(), locale=locale())


def date_and_time(value: Any, form: Any = "long") -> Any:
    """Day and clock time of a moment in the customer's zone: 14 March 2026 at 10:30."""
    if is_nothing(value):
        return value
    found = moment_or_day(value)
    if not isinstance(found, datetime):
        return format_date(found, _pattern(form), locale=locale())
    if form not in _STYLES:
        return format_datetime(found, _pattern(form), tzinfo=zone(), locale=locale())
    here, language = found.astimezone(zone()), locale()
    day = format_date(here.date(), form, locale=language)
    clock = format_time(found, "short", tzinfo=zone(), locale=language)
    return str(language.datetime_formats[form]).replace("{1}", day).replace("{0}", clock).replace("'", "")


def plural(value: Any, *forms: Any) -> str:
    """The form that the language asks for: `{{ n|plural("item", "items") }}`, `{{ n|plural("товар", "товара",
    "товаров") }}`. The last form serves where the language has more."""
    if not forms:
        raise NotAllowed('`plural` needs the forms, like plural("item", "items")')
    rule = locale().plural_form
    order: list[str] = [
        tag for tag in ("zero", "one", "two", "few", "many", "other") if tag in rule.tags or tag == "other"
    ]
    position = order.index(rule(abs(_decimal(0 if is_nothing(value) else value))))
    return as_text(forms[min(position, len(forms) - 1)])


def _whole(amount: Decimal, unit: str) -> str:
    pattern = locale().currency_formats["standard"].pattern
    return format_currency(amount, unit, re.sub(r"\.0+", "", pattern), locale=locale(), currency_digits=False)


def locale() -> Locale:
    asked = current_budget().locale.replace("-", "_")
    try:
        return Locale.parse(asked)
    except (ValueError, UnknownLocaleError, TypeError):
        return Locale.parse("en")


def zone() -> ZoneInfo:
    try:
        return ZoneInfo(current_budget().timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_nothing(value: Any) -> bool:
    return isinstance(value, Undefined) or value is None or value == ""


def _amount(raw: Any, unit: str) -> tuple[str, Decimal]:
    """A text as rules read it (`42 EUR`, `42,50`), with its own currency when it names one."""
    read = values.money(str(raw), {}, unit) if isinstance(raw, str) and len(raw) <= _LONGEST_AMOUNT else None
    if read is None:
        return unit, _decimal(raw)
    named, millionths = read
    return named, _decimal(Decimal(millionths.numerator) / (millionths.denominator * values.MICRO))


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        found = Decimal(as_text(value)[:60])
    except InvalidOperation:
        raise NotAllowed("this value is not a number") from None
    if not found.is_finite() or abs(found.adjusted()) > 30:
        raise NotAllowed("this number is too large")
    return found


def moment_or_day(value: Any) -> datetime | Day:
    text = as_text(value)[:40]
    try:
        if len(text) == 10:
            return Day.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotAllowed(f"`{text}` is not a date like 2026-03-01") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pattern(form: Any) -> str:
    text = as_text(form)
    if not _PATTERN.fullmatch(text):
        raise NotAllowed("a date pattern has at most 60 letters, like `d MMMM yyyy`")
    return text
