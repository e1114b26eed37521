"""Who reads a message, as templates see them: `customer.…`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

_NAMED = ("email", "phone", "timezone", "locale")


class Reader(Protocol):
    """A customer, or a row that has one in it."""

    @property
    def key(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...
    @property
    def tags(self) -> Collection[str]: ...
    @property
    def points(self) -> int: ...


def reader_facts(reader: Reader) -> dict[str, Any]:
    """What is not known is not there, so that templates can ask for it."""
    named = {name: getattr(reader, name) for name in _NAMED}
    return {
        **reader.attributes,
        "id": (reader.key or "").partition(":")[2],
        "tags": sorted(reader.tags),
        "points": reader.points,
        **{name: value for name, value in named.items() if value is not None},
    }
