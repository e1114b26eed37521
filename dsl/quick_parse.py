"""Lark's tables driven by a loop of our own, for texts without mistakes: the same tree in a third of the time.

Lark counts lines for every token, and compiles the words of the language into a pattern for each of its states; here
they are looked up. What this loop cannot read, Lark reads again, and says what is wrong. tests/dsl/test_quick_parse.py
compares the trees.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from dsl.parse_table import parse_table
from dsl.parse_tree import Start, Token, Tree

Scan: TypeAlias = "Callable[[str, int], re.Match[str] | None]"

#: By its first word in lower case, what may begin with a word: its kind, and how to read it when it has more words.
Words: TypeAlias = "dict[str, tuple[tuple[str, Scan | None], ...]]"

#: How many values become one, of which production, the name of its tree or "", and which values are lists of parts.
Reduce: TypeAlias = "tuple[int, str, str, list[int]]"

#: What is known in one state of the parser: how to read a token, which words it may be, what else a word may be, which
#: state follows, and which reductions come first.
Row: TypeAlias = "tuple[Scan, Words, tuple[tuple[str, None], ...], dict[str, int], dict[str, Reduce]]"

#: BLANKS and COMMENT of the grammar. Possessive: whatever follows, they are not read in another way.
_IGNORED = r"(?>[\s\u200b\ufeff]+|#[^\n]*)*+"
_REST = re.compile(_IGNORED)

#: Letters that a pattern which ignores case takes for one of our words' and `lower` does not. Lark knows what they are.
ODD_LETTERS = re.compile("[\u0130\u0131\u017f\u1c80-\u1c88]")

_WORDS_ONLY = re.compile(r"\(\?i:\(\?:([^\W\d][\w |\[\]+\t\u00a0]*)\)\\b\)")
_NAME: tuple[tuple[str, None], ...] = (("NAME", None),)

new_str = str.__new__


def quick_parse(text: str, start: Start) -> Tree | None:
    """None: the text has a mistake."""
    if ODD_LETTERS.search(text):
        return None
    rows = _rows()
    states: list[int] = [rows.start[start]]
    values: list[Any] = []
    scan, words, otherwise, shifts, reduces = rows[states[0]]
    position = 0
    while match := scan(text, position):
        kind: str = match.lastgroup  # type: ignore[assignment]
        begin, position = match.span(kind)
        if kind == "NAME":
            for word, longer in words.get(text[begin:position].lower(), otherwise):
                if longer is None:
                    kind = word
                    break
                if match := longer(text, begin):
                    kind, position = word, match.end()
                    break
            else:
                return None
        while kind in reduces:
            states.append(rows[_reduce(reduces[kind], states, values)][3][reduces[kind][1]])
            _, _, _, shifts, reduces = rows[states[-1]]
        if kind not in shifts:
            return None
        token = new_str(Token, text[begin:position])
        token.type, token.start_pos, token.end_pos = kind, begin, position
        values.append(token)
        states.append(shifts[kind])
        scan, words, otherwise, shifts, reduces = rows[states[-1]]
    if not _REST.fullmatch(text, position):
        return None
    return _finish(rows, states, values, rows.end[start])


def _reduce(how: Reduce, states: list[int], values: list[Any]) -> int:
    """Makes one value of the last ones; returns the state before them."""
    size, _, name, inlined = how
    parts: list[Any] = []
    if size:
        parts = values[-size:]
        del values[-size:], states[-size:]
        if inlined:
            parts = _spread(parts, inlined)
    values.append(Tree(name, parts) if name else parts)
    return states[-1]


def _spread(parts: list[Any], inlined: list[int]) -> list[Any]:
    """The first of them grows, as it is nobody else's: a long list is made in one go, not copied for each element."""
    rest = 1 if inlined[0] == 0 else 0
    spread: list[Any] = parts[0] if rest else []
    for place in range(rest, len(parts)):
        if place in inlined:
            spread += parts[place]
        else:
            spread.append(parts[place])
    return spread


def _finish(rows: _Rows, states: list[int], values: list[Any], end: int) -> Tree | None:
    while (how := rows[states[-1]][4].get("$END")) is not None:
        states.append(rows[_reduce(how, states, values)][3][how[1]])
        if states[-1] == end:
            made: Tree = values[-1]
            return made
    return None


class _Rows(dict[int, Row]):
    """The parse table, turned around state by state when a text first gets there."""

    def __init__(self) -> None:
        super().__init__()
        self._table = parse_table()
        self._scanners: dict[int, tuple[Scan, Words, tuple[tuple[str, None], ...]]] = {}
        self._patterns: dict[tuple[str, ...], Scan] = {}
        self.start: dict[str, int] = self._table["start"]
        self.end: dict[str, int] = self._table["end"]

    def __missing__(self, number: int) -> Row:
        scanner, shifts, reduces = self._table["states"][number]
        if scanner not in self._scanners:
            self._scanners[scanner] = self._scanner(self._table["scanners"][scanner])
        rules, aheads = self._table["rules"], self._table["aheads"]
        by_kind = {kind: rules[rule] for rule, ahead in reduces for kind in aheads[ahead]}
        row = self[number] = (*self._scanners[scanner], shifts, by_kind)
        return row

    def _scanner(self, kinds: list[str]) -> tuple[Scan, Words, tuple[tuple[str, None], ...]]:
        """Reads what is ignored, then the next token: Lark's alternatives for a state, in Lark's order.

        No word begins as anything else does, and NAME, which takes any word, comes last.
        """
        otherwise = _NAME if "NAME" in kinds else ()
        words: dict[str, tuple[tuple[str, Scan | None], ...]] = {}
        for kind in kinds:
            for first, longer in self._forms(kind):
                words[first] = (*words.get(first, ()), (kind, longer))
        patterned = tuple(kind for kind in kinds if kind != "NAME" and not self._forms(kind))
        with_word = (*patterned, "NAME") if words or otherwise else patterned
        return self._scan(with_word), {first: (*each, *otherwise) for first, each in words.items()}, otherwise

    def _scan(self, kinds: tuple[str, ...]) -> Scan:
        if kinds not in self._patterns:
            found = "|".join(f"(?P<{kind}>{self._table['terminals'][kind]})" for kind in kinds)
            self._patterns[kinds] = re.compile(f"{_IGNORED}(?:{found})" if kinds else "(?!)").match
        return self._patterns[kinds]

    def _forms(self, kind: str) -> tuple[tuple[str, Scan | None], ...]:
        return _forms(self._table["terminals"][kind])


@cache
def _forms(pattern: str) -> tuple[tuple[str, Scan | None], ...]:
    """The words of a terminal that has nothing else, in the order in which they are tried."""
    if not (words := _WORDS_ONLY.fullmatch(pattern)):
        return ()
    return tuple(_form(each) for each in words[1].split("|"))


def _form(pattern: str) -> tuple[str, Scan | None]:
    first, blank, _ = pattern.partition("[")
    return first, _LongForm(pattern).match if blank else None


class _LongForm:
    """A form of several words, compiled when its first word is met."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._compiled: re.Pattern[str] | None = None

    def match(self, text: str, position: int) -> re.Match[str] | None:
        if self._compiled is None:
            self._compiled = re.compile(rf"(?i:{self._pattern}\b)")
        return self._compiled.match(text, position)


@cache
def _rows() -> _Rows:
    return _Rows()
