"""What stands before the place where a person writes, as the parser itself reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from dsl import grammar
from dsl.assistance.documents import Document
from dsl.assistance.spoken import spoken_language
from dsl.assistance.view import View
from dsl.chunks import rule_chunks, test_chunks
from dsl.formatting.words import Language
from dsl.parse_tree import Start
from dsl.source import Span

#: Keywords have at most so many words; one more than can stand before the last.
MOST_WORDS = 3
#: Mistakes above the cursor that are left out to see what may stand at it.
MOST_MISTAKES = 8

_WORD_END = re.compile(r"[\w\d]*\Z")
_WORDS_BACK = re.compile(r"[^\W\d]\w*[ \t\u00a0]+\Z")
_OPEN_QUOTE = re.compile(
    r"""(?:"[^"\n]*"|«[^»\n]*»|“[^”\n]*”|„[^“\n]*“|[^"«“„#\n])*(?:(?P<quote>["«“„])|(?P<remark>#))?"""
)
_QUOTES = {'"': '"', "«": "»", "“": "”", "„": "“"}


@dataclass(frozen=True)
class Cursor:
    """One reading of the text before the cursor: a proposal replaces `typed`, `accepted` is what may stand there."""

    view: View
    document: Document
    start: Start
    tokens: tuple[Token, ...]  # of the item that is being written
    accepted: frozenset[str]
    typed: str
    span: Span  # of `typed`, and of the rest of its word behind the cursor
    in_quotes: bool = False

    @cached_property
    def types(self) -> tuple[str, ...]:
        return tuple(token.type for token in self.tokens)

    def type_before(self, back: int = 1) -> str:
        return self.types[-back] if len(self.types) >= back else ""

    @cached_property
    def begins_line(self) -> bool:
        return not self._line_before.strip()

    @property
    def is_at_margin(self) -> bool:
        return self._line_before == ""

    @cached_property
    def _line_before(self) -> str:
        text = self.document.source.text
        return text[text.rfind("\n", 0, self.span.start) + 1 : self.span.start]

    @cached_property
    def language(self) -> Language:
        return spoken_language(self.document.source.text, self.view)

    @property
    def path(self) -> str:
        return self.document.path


def cursors(view: View, document: Document, offset: int) -> Iterator[Cursor]:
    """The ways to read the text before `offset`, the shortest half-written word first. None in comments."""
    text = document.source.text
    line_start = text.rfind("\n", 0, offset) + 1
    quote = _OPEN_QUOTE.match(text, line_start, offset)
    if quote is None or quote["remark"]:
        return
    if quote["quote"]:
        cut, end = quote.start("quote"), _closing(text, offset, quote["quote"])
        cursor = _read(view, document, Span(cut, end), text[cut + 1 : offset], in_quotes=True)
        if cursor is not None:
            yield cursor
        return
    for cut in _cuts(text, line_start, offset):
        rest = re.compile(r"\w*").match(text, offset)
        end = rest.end() if rest and cut < offset else offset
        cursor = _read(view, document, Span(cut, end), text[cut:offset], in_quotes=False)
        if cursor is not None:
            yield cursor


def _closing(text: str, offset: int, quote: str) -> int:
    """Behind the closing quote when there is one on this line, so that it is replaced and not doubled."""
    end = text.find("\n", offset)
    line_end = len(text) if end < 0 else end
    closing = text.find(_QUOTES[quote], offset, line_end)
    return closing + 1 if closing >= 0 and '"' not in text[offset:closing] else offset


def _cuts(text: str, line_start: int, offset: int) -> Iterator[int]:
    half = _WORD_END.search(text, line_start, offset)
    cut = half.start() if half else offset
    yield cut
    for _ in range(MOST_WORDS):
        before = _WORDS_BACK.search(text, line_start, cut)
        if before is None:
            return
        cut = before.start()
        yield cut


def _read(view: View, document: Document, span: Span, typed: str, *, in_quotes: bool) -> Cursor | None:
    start: Start = "testfile" if document.kind == "tests" else "file"
    read = _accepted(_item_before(document, span.start), start)
    if read is None:
        return None
    tokens, accepted = read
    return Cursor(view, document, start, tokens, accepted, typed, span, in_quotes)


def _item_before(document: Document, cut: int) -> str:
    """The text of the item up to the cut. What follows the cut must not decide where the item begins."""
    before = document.source.text[:cut]
    piece = document.piece_at(cut)
    begin = piece.span.start if piece else 0
    chunks = (test_chunks if document.kind == "tests" else rule_chunks)(before[begin:])
    return before[begin + chunks[-1].start :] if chunks else ""


def _accepted(text: str, start: Start) -> tuple[tuple[Token, ...], frozenset[str]] | None:
    """None: the line that is being written cannot be read, so nothing is known about what may follow."""
    line_start = text.rfind("\n") + 1
    left_out = -1
    for _ in range(MOST_MISTAKES):
        interactive = grammar.parser().parse_interactive(text, start=start)
        try:
            tokens = interactive.exhaust_lexer()
            return tuple(tokens), frozenset(interactive.accepts())  # type: ignore[no-untyped-call]
        except (UnexpectedCharacters, UnexpectedToken) as error:
            position = error.pos_in_stream or 0
        if left_out >= 0 and not text[left_out:position].partition("\n")[2].strip():
            # The line below a shortened one cannot follow what is left of it: the whole line goes.
            position = text.rfind("\n", 0, left_out) + 1
        elif position >= line_start:
            return None
        end = text.find("\n", position)
        left_out = -1 if text[position - 1 : position] == "\n" else position
        text = text[:position] + " " * (end - position) + text[end:]
    return None
