"""What a statement is given beside its text: constants of a plan, and values known only when it runs.

Whatever a marketer wrote goes in here; the text of a statement is made of words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\$(\d+)")


class Parameters:
    def __init__(self) -> None:
        self._constants: dict[int, object] = {}
        self._names: dict[str, int] = {}
        self._known: dict[tuple[str, str], str] = {}

    def constant(self, value: object, kind: str) -> str:
        """The place in the text that stands for a value of this type of PostgreSQL."""
        key = (kind, repr(value))
        if key not in self._known:
            place = self._next()
            self._constants[place] = value
            self._known[key] = f"${place}::{kind}"
        return self._known[key]

    def given(self, name: str, kind: str) -> str:
        """The same, for a value that `values` will be given by this name."""
        if name not in self._names:
            self._names[name] = self._next()
        return f"${self._names[name]}::{kind}"

    def settle(self, text: str) -> str:
        """The whole text with its places numbered in order: those that it does not use after all are dropped."""
        used = sorted({int(place) for place in _PLACE.findall(text)})
        order = {place: number for number, place in enumerate(used, 1)}
        self._constants = {order[place]: value for place, value in self._constants.items() if place in order}
        self._names = {name: order[place] for name, place in self._names.items() if place in order}
        return _PLACE.sub(lambda found: f"${order[int(found[1])]}", text)

    def values(self, given: Mapping[str, object]) -> list[object]:
        """In the order of their places."""
        places = {place: given[name] for name, place in self._names.items()} | self._constants
        return [places[place] for place in sorted(places)]

    def _next(self) -> int:
        return len(self._constants) + len(self._names) + 1
