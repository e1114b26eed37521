"""Every filter of the templates. All are our own, so that each pays for what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.rendering.filters import lists, local, text, until

FILTERS: dict[str, Callable[..., Any]] = {
    # texts
    "default": text.default,
    "d": text.default,
    "upper": text.upper,
    "lower": text.lower,
    "capitalize": text.capitalize,
    "title": text.title,
    "trim": text.trim,
    "truncate": text.truncate,
    "replace": text.replace,
    "escape": text.escaped,
    "e": text.escaped,
    "string": text.string,
    "urlencode": text.urlencode,
    "nl2br": text.nl2br,
    # numbers
    "int": text.to_int,
    "float": text.to_float,
    "round": text.rounded,
    "abs": text.absolute,
    # lists
    "length": lists.length,
    "count": lists.length,
    "list": lists.listed,
    "first": lists.first,
    "last": lists.last,
    "join": lists.join,
    "sort": lists.sort,
    "unique": lists.unique,
    "reverse": lists.reverse,
    "sum": lists.total,
    "min": lists.smallest,
    "max": lists.largest,
    "map": lists.mapped,
    "select": lists.select,
    "reject": lists.reject,
    "selectattr": lists.selectattr,
    "rejectattr": lists.rejectattr,
    "batch": lists.batch,
    "groupby": lists.groupby,
    # by the customer's language and zone
    "money": local.money,
    "number": local.number,
    "date": local.date,
    "time": local.time,
    "datetime": local.date_and_time,
    "relative": until.relative,
    "countdown": until.countdown,
    "plural": local.plural,
}
