"""Lark's tables driven by a loop of our own, for texts without mistakes: the same tree in less than half the time.

Lark counts lines for every token and looks up each rule by its name; nothing here needs either. What this loop cannot
read, Lark reads again, and says what is wrong. tests/dsl/test_quick_parse.py compares the trees.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

from lark import Token, Tree
from lark.parsers.lalr_analysis import Shift

from dsl import grammar
from dsl.grammar import Start

Scan: TypeAlias = "Callable[[str, int], re.Match[str] | None]"

#: How many values become one, the name of what they become, and the function that makes it.
Reduce: TypeAlias = "tuple[int, str, Callable[[list[Any]], Any]]"

#: What is known in one state of the parser: how to read a token, which state follows, and which reductions come first.
Row: TypeAlias = "tuple[Scan, dict[str, int], dict[str, Reduce]]"

#: BLANKS and COMMENT of the grammar. Possessive: whatever follows, they are not read in another way.
_IGNORED = r"(?>[\s\u200b\ufeff]+|#[^\n]*)*+"
_REST = re.compile(_IGNORED)

new_str = str.__new__


def quick_parse(text: str, start: Start) -> Tree[Token] | None:
    """None: the text has a mistake."""
    rows = _rows()
    states: list[int] = [rows.start[start]]
    values: list[Any] = []
    scan, shifts, reduces = rows[states[0]]
    position = 0
    while match := scan(text, position):
        kind: str = match.lastgroup  # type: ignore[assignment]
        while kind in reduces:
            size, name, make = reduces[kind]
            if size:
                made = make(values[-size:])
                del values[-size:], states[-size:]
            else:
                made = make([])
            values.append(made)
            states.append(rows[states[-1]][1][name])
            _, shifts, reduces = rows[states[-1]]
        if kind not in shifts:
            return None
        token = new_str(Token, match[kind])
        token.type = kind
        token.start_pos, position = match.span(kind)
        token.end_pos = position
        values.append(token)
        states.append(shifts[kind])
        scan, shifts, reduces = rows[states[-1]]
    if not _REST.fullmatch(text, position):
        return None
    return _finish(rows, states, values, rows.end[start])


def _finish(rows: _Rows, states: list[int], values: list[Any], end: int) -> Tree[Token] | None:
    while (how := rows[states[-1]][2].get("$END")) is not None:
        size, name, make = how
        made = make(values[-size:] if size else [])
        if size:
            del values[-size:], states[-size:]
        values.append(made)
        states.append(rows[states[-1]][1][name])
        if states[-1] == end:
            return cast("Tree[Token]", made)
    return None


class _Rows(dict[int, Row]):
    """The parse table, turned around state by state when a text first gets there."""

    def __init__(self) -> None:
        super().__init__()
        parser = cast(Any, grammar.parser()).parser
        self._table, self._callbacks = parser.parser._parse_table, parser.parser.parser.callbacks
        self._lexers = parser.lexer.lexers
        self._scanners: dict[tuple[str, ...], re.Pattern[str]] = {}
        self.start: dict[str, int] = self._table.start_states
        self.end: dict[str, int] = self._table.end_states

    def __missing__(self, number: int) -> Row:
        shifts: dict[str, int] = {}
        reduces: dict[str, Reduce] = {}
        for kind, (action, argument) in self._table.states[number].items():
            if action is Shift:
                shifts[kind] = argument
            else:
                reduces[kind] = (len(argument.expansion), argument.origin.name, self._callbacks[argument])
        row = self[number] = (self._scanner(number), shifts, reduces)
        return row

    def _scanner(self, number: int) -> Scan:
        """Reads what is ignored, then the next token: Lark's alternatives for this state, in Lark's order."""
        lexer = self._lexers[number]
        kinds = tuple(terminal.name for terminal in lexer.terminals if terminal.name not in lexer.ignore_types)
        if kinds not in self._scanners:
            found = "|".join(f"(?P<{name}>{self._pattern(lexer, name)})" for name in kinds)
            self._scanners[kinds] = re.compile(f"{_IGNORED}(?:{found})" if kinds else "(?!)", lexer.g_regex_flags)
        return self._scanners[kinds].match

    def _pattern(self, lexer: Any, name: str) -> str:
        return cast(str, lexer.terminals_by_name[name].pattern.to_regexp())


@cache
def _rows() -> _Rows:
    return _Rows()
