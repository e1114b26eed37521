"""Typed reading of a YAML tree: a value of the right kind, or a finding at its place and None."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsl.compiling.lengths import MOST
from dsl.currencies import CURRENCIES
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.plan import Length, Unit
from dsl.problems import Problems, listed, replacement
from dsl.source import Source
from dsl.suggestions import nearest
from dsl.time_zones import is_zone, zones_like
from engine.workspace.yaml_tree import Entry, Items, Mapping, Scalar, Tree

_LENGTH = re.compile(r"(\d{1,9})\s*([A-Za-z]+)")
_ADDRESS = re.compile(
    r"""(?:("[^"<>\x00-\x1f]*"|[^"<>@,;:\x00-\x1f]*)\s*<)?[^\s<>"@,;]+@[^\s<>"@,;.]+(?:\.[^\s<>"@,;.]+)+(?(1)>)"""
)
_UNITS: dict[str, Unit] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "second"),
    **dict.fromkeys(("min", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hour", "hours"), "hour"),
    **dict.fromkeys(("day", "days"), "day"),
    **dict.fromkeys(("week", "weeks"), "week"),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values of one file."""

    problems: Problems

    @property
    def source(self) -> Source:
        return self.problems.source

    def wrong(self, tree: Tree, expected: str, *, code: str = "E507", notes: Sequence[str] = ()) -> None:
        written = self.source.slice(tree.span).split("\n")[0] if isinstance(tree, Scalar) else ""
        shown = (
            say('"{written}" is not {expected}', written=written, expected=expected)
            if written
            else say("I expected {expected}", expected=expected)
        )
        self.problems.error(
            code, shown, Label(tree.span, say("here belongs {expected}", expected=expected)), notes=notes
        )

    def entries(self, tree: Tree | None, known: Sequence[str], what: str) -> Iterator[Entry]:
        """The entries with a known key. Others are findings."""
        mapping = self.mapping(tree, what)
        for entry in mapping.entries.values() if mapping else ():
            if entry.key in known:
                yield entry
            else:
                self._unknown_key(entry, known, what)

    def _unknown_key(self, entry: Entry, known: Sequence[str], what: str) -> None:
        near = nearest(entry.key, list(known))
        self.problems.error(
            "E506",
            say('{what} has no "{key}"', what=what, key=entry.key),
            Label(entry.key_span, say("nobody reads this")),
            notes=[say("did you mean {near}?", near=near[0])]
            if near
            else [say("there are: {all}", all=listed(known, 12))],
            fixes=[replacement(entry.key_span, near[0])] if near else [],
        )

    def mapping(self, tree: Tree | None, what: str) -> Mapping | None:
        """Nothing at all counts as empty."""
        if tree is None or isinstance(tree, Mapping):
            return tree
        if isinstance(tree, Scalar) and tree.value is None:
            return None
        self.problems.error(
            "E507",
            say("{what} needs names with a colon", what=what),
            Label(tree.span, say("write each on its line, as `name: …`")),
        )
        return None

    def text(self, tree: Tree, expected: str = say("a text")) -> str | None:
        if isinstance(tree, Scalar) and isinstance(tree.value, str) and tree.value.strip():
            return tree.value
        quoted = isinstance(tree, Scalar) and isinstance(tree.value, int | float)
        self.wrong(tree, expected, notes=[say("put it in quotes")] if quoted else [])
        return None

    def texts(self, tree: Tree, expected: str) -> list[tuple[str, Scalar]]:
        """A list of texts with their places; a single text counts as a list of one."""
        items = tree.items if isinstance(tree, Items) else (tree,)
        return [(text, item) for item in items if (text := self.text(item, expected)) and isinstance(item, Scalar)]

    def flag(self, tree: Tree) -> bool:
        if isinstance(tree, Scalar) and isinstance(tree.value, bool):
            return tree.value
        word = tree.text.lower() if isinstance(tree, Scalar) else ""
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(word)
        self.problems.error(
            "E508",
            say("write true or false"),
            Label(tree.span, say("YAML programs do not agree about this word") if meant else say("this is neither")),
            fixes=[replacement(tree.span, meant)] if meant else [],
        )
        return False

    def choice(self, tree: Tree, values: Sequence[str]) -> str | None:
        text = self.text(tree, "one of " + ", ".join(values))
        if text is None or text in values:
            return text
        near = nearest(text, list(values))
        self.problems.error(
            "E507",
            say('"{text}" is not possible here', text=text),
            Label(tree.span, say("can be: {all}", all=", ".join(values))),
            fixes=[replacement(tree.span, f'"{near[0]}"' if " " in near[0] else near[0])] if near else [],
        )
        return None

    def length(self, tree: Tree) -> Length | None:
        text = tree.text if isinstance(tree, Scalar) else ""
        match = _LENGTH.fullmatch(text.strip())
        unit = _UNITS.get(match[2].lower()) if match else None
        if match is None or unit is None or not 0 < int(match[1]) <= MOST[unit]:
            self.wrong(tree, say("a length of time, such as 72h or 3 days"))
            return None
        return Length(int(match[1]), unit)

    def zone(self, tree: Tree) -> str | None:
        text = self.text(tree, say("a time zone, such as Europe/Berlin"))
        if text is None or is_zone(text):
            return text
        self.problems.error(
            "E512",
            say('there is no time zone "{text}"', text=text),
            Label(tree.span, say("zones have names like Europe/Berlin or Asia/Yekaterinburg")),
            fixes=[replacement(tree.span, each) for each in zones_like(text)],
        )
        return None

    def currency(self, tree: Tree) -> str | None:
        text = self.text(tree, say("a currency, such as EUR"))
        if text is None or text in CURRENCIES:
            return text
        near = [text.upper()] if text.upper() in CURRENCIES else list(nearest(text, list(CURRENCIES)))
        self.problems.error(
            "E513",
            say('there is no currency "{text}"', text=text),
            Label(tree.span, say("a currency has three capital letters of ISO 4217, such as EUR, USD, RUB")),
            fixes=[replacement(tree.span, near[0])] if near else [],
        )
        return None

    def address(self, tree: Tree) -> str | None:
        """`Shop <hello@example.com>` or the bare address."""
        text = self.text(tree, say("a mail address"))
        if text is None:
            return None
        if _ADDRESS.fullmatch(text):
            return text
        self.wrong(tree, say("a mail address"), notes=[say('for example: "Shop <hello@shop.example>"')])
        return None
