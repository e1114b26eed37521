"""Where the parser stopped, and what it knew there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from dsl import grammar
from dsl.parse_tree import Start, Tree, from_lark
from dsl.source import Span
from dsl.words import FORMS, is_word_of

_PIECE = re.compile(
    r"[^\W\d]\w*"  # a word
    r'|"[^"\r\n]*"|«[^»\r\n]*»|“[^”\r\n]*”'  # a text
    r"|\d[\w]*(?:[.,:/][\w]+)*"  # anything that begins with a digit
    r"|[=!<>&|]+|-+>?"  # signs of other languages
    r"|\S"
)


@dataclass(frozen=True)
class Failure:
    """`position` is the first character that cannot be read, or the end of the last token when the text ends there."""

    start: Start
    text: str
    position: int
    tokens: tuple[Token, ...]  # those before it
    at_end: bool

    @cached_property
    def piece(self) -> Span:
        """The word, number or sign at the position; empty at the end."""
        found = None if self.at_end else _PIECE.match(self.text, self.position)
        return Span(self.position, found.end() if found else self.position)

    @property
    def word(self) -> str:
        return self.text[self.piece.start : self.piece.end]

    @cached_property
    def expected(self) -> frozenset[str]:
        """Terminals that could stand at the position."""
        interactive = grammar.parser().parse_interactive(self.text[: self.position], start=self.start)
        interactive.exhaust_lexer()
        return frozenset(interactive.accepts())  # type: ignore[no-untyped-call]

    @property
    def before(self) -> Token | None:
        return self.tokens[-1] if self.tokens else None

    def type_before(self, back: int = 1) -> str:
        return self.tokens[-back].type if len(self.tokens) >= back else ""

    @property
    def rest_of_line(self) -> Span:
        end = self.text.find("\n", self.position)
        return Span(self.position, len(self.text) if end < 0 else end)

    @property
    def begins_line(self) -> bool:
        return not self.text[self.text.rfind("\n", 0, self.position) + 1 : self.position].strip()

    @property
    def in_head_of_if(self) -> bool:
        """Between `if` and its `then`."""
        heads = (token.type for token in reversed(self.tokens) if token.type in ("IF", "ELSE_IF", "THEN", "WHEN"))
        return next(heads, "") in ("IF", "ELSE_IF")

    def accepts_word(self, word: str) -> bool:
        """Some expected terminal has this form."""
        return any(is_word_of(terminal, word) for terminal in self.expected)

    def keyword(self, terminals: Iterable[str]) -> tuple[str, int] | None:
        """The longest keyword at the position, of however many words, and where it ends."""
        found = []
        for terminal in () if self.at_end else terminals:
            for form in FORMS[terminal]:
                pattern = form.replace(" ", r"[ \t\u00a0]+") + r"\b"
                if match := re.compile(pattern, re.IGNORECASE).match(self.text, self.position):
                    found.append((match.end(), terminal))
        return (max(found)[1], max(found)[0]) if found else None

    @cached_property
    def expected_forms(self) -> dict[str, str]:
        """Every form that could stand here to its terminal."""
        return {form: terminal for terminal in sorted(self.expected) for form in FORMS.get(terminal, ())}

    def reaches(self, text: str) -> int:
        """How far the parser gets in a changed text; past its end when all of it can be read."""
        outcome = attempt(text, self.start)
        return outcome.position if isinstance(outcome, Failure) else len(text) + 1


def behind_blanks(text: str, position: int) -> int:
    """Where something stands again, or the line ends."""
    return len(text) - len(text[position:].lstrip(" \t\u00a0\r"))


def attempt(text: str, start: Start) -> Tree | Failure:
    """The tree of the whole text, or where it stops to be one."""
    interactive = grammar.parser().parse_interactive(text, start=start)
    tokens: list[Token] = []
    try:
        tokens.extend(interactive.iter_parse())
    except UnexpectedCharacters as error:
        return _failure(start, text, error.pos_in_stream or 0, tokens)
    except UnexpectedToken as error:
        assert error.token.start_pos is not None
        tokens = _read_before(text, start, error.token.start_pos)
        return _failure(start, text, error.token.start_pos, tokens)
    try:
        return from_lark(interactive.feed_eof(tokens[-1] if tokens else None))  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        end = tokens[-1].end_pos if tokens else 0
        assert end is not None
        return Failure(start, text, end, tuple(tokens), at_end=True)


def _read_before(text: str, start: Start, position: int) -> list[Token]:
    interactive = grammar.parser().parse_interactive(text[:position], start=start)
    return interactive.exhaust_lexer()


def _failure(start: Start, text: str, position: int, tokens: list[Token]) -> Failure:
    read = tuple(token for token in tokens if token.end_pos is not None and token.end_pos <= position)
    return Failure(start, text, position, read, at_end=False)
