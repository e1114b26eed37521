"""Whether the properties of an event are what the schema says: what does not fit is unknown to rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from dsl.plan import JSON
from engine.core import values

#: A value that is there, the properties it stands among, and the workspace's currency.
_Reader: TypeAlias = Callable[[JSON, Mapping[str, JSON], "str | None"], bool]

_LIST_OF = "list of "


def unfit_properties(
    properties: Mapping[str, JSON], kinds: Mapping[str, str], *, currency: str | None
) -> Iterator[tuple[str, str]]:
    """Names of properties that do not fit, each with the kind that it should have. Missing ones fit; of lists each
    element is asked."""
    for name, kind in kinds.items():
        value = properties.get(name)
        if value is None or type(value) is _PLAIN.get(kind):
            continue  # most of them: this is asked of every event
        if not _fits(value, kind, properties, currency):
            yield name, kind


#: What a value of a kind is most often; it fits then, whatever it says.
_PLAIN = {"text": str, "flag": bool, "record": dict, "number": int}


def _fits(value: JSON, kind: str, properties: Mapping[str, JSON], currency: str | None) -> bool:
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(value, properties, currency)
    if not kind.startswith(_LIST_OF):
        return True
    element = kind[len(_LIST_OF) :]
    if not isinstance(value, list):
        return False
    plain = _PLAIN.get(element)
    return all(type(each) is plain or _fits(each, element, properties, currency) for each in value)


def _is_number(value: JSON, properties: Mapping[str, JSON], currency: str | None) -> bool:
    read = values.number(value)
    return read == read


def _is_day(value: JSON, properties: Mapping[str, JSON], currency: str | None) -> bool:
    read = values.day(value)
    return read == read


def _is_moment(value: JSON, properties: Mapping[str, JSON], currency: str | None) -> bool:
    read = values.moment(value)
    return read == read


def _is_money(value: JSON, properties: Mapping[str, JSON], currency: str | None) -> bool:
    return values.money(value, properties, currency) is not None


_READERS: dict[str, _Reader] = {
    "text": lambda value, properties, currency: type(value) is str,
    "flag": lambda value, properties, currency: type(value) is bool,
    "record": lambda value, properties, currency: type(value) is dict,
    "number": _is_number,
    "percent": _is_number,
    "date": _is_day,
    "moment": _is_moment,
    "money": _is_money,
}
