"""The name at a place of a file, also of one that cannot be read as a whole while it is being written."""

from __future__ import annotations

import re
from contextlib import suppress

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from dsl import grammar
from dsl.assistance.documents import Document, Piece
from dsl.assistance.mentions import Mention, mention_at, mentions_of
from dsl.assistance.view import View
from dsl.formatting.proof import FileKind
from dsl.keywords import CHANNELS, ENGLISH, RUSSIAN
from dsl.parse_tree import Start
from dsl.source import Span

_WORD = re.compile(r"[^\W\d]\w*")
_TEXT = re.compile(r'"(?P<a>[^"\n]*)"|«(?P<b>[^»\n]*)»|“(?P<c>[^”\n]*)”|„(?P<d>[^“\n]*)“')
_CUSTOMER = frozenset((*ENGLISH["CUSTOMER"], *RUSSIAN["CUSTOMER"]))
_EVENT = frozenset((*ENGLISH["EVENT"], *RUSSIAN["EVENT"]))
_CHANNEL_BEFORE = re.compile(rf"(?P<channel>{'|'.join(sorted(CHANNELS, key=len, reverse=True))})\s+\Z", re.IGNORECASE)


def mentions_in(piece: Piece, view: View) -> list[Mention]:
    return mentions_of(piece.items, view.catalog)


def mention_in(document: Document, offset: int, view: View) -> Mention | None:
    """What the tree says; where there is none, what the words around the place look like."""
    for piece in pieces_near(document, offset):
        if found := mention_at(mentions_in(piece, view), offset):
            return found
    return _guessed(document.source.text, offset, view, document)


def pieces_near(document: Document, offset: int) -> list[Piece]:
    """That which the characters before and after the place belong to."""
    found = [document.piece_at(offset), document.piece_at(offset + 1)]
    return [piece for place, piece in enumerate(found) if piece is not None and piece not in found[:place]]


def word_at(text: str, offset: int) -> Span | None:
    line_start = text.rfind("\n", 0, offset) + 1
    for match in _WORD.finditer(text, line_start):
        if match.start() > offset:
            break
        if match.end() >= offset:
            return Span(*match.span())
    return None


def _guessed(text: str, offset: int, view: View, document: Document) -> Mention | None:
    line_start = text.rfind("\n", 0, offset) + 1
    line_end = text.find("\n", offset)
    for match in _TEXT.finditer(text, line_start, len(text) if line_end < 0 else line_end):
        if match.start() < offset < match.end():
            before = _CHANNEL_BEFORE.search(text, line_start, match.start())
            if before is None:
                return None
            channel = CHANNELS[before["channel"].lower()]
            return Mention(
                kind="template", name=f"{channel}/{match[0][1:-1]}", span=Span(match.start() + 1, match.end() - 1)
            )
    if _is_remark_or_text(text, line_start, offset):
        return None
    span = word_at(text, offset)
    return _guessed_word(text, span, view, document) if span else None


def _is_remark_or_text(text: str, line_start: int, offset: int) -> bool:
    return "#" in _TEXT.sub("", text[line_start:offset]) or any(
        match.start() < offset < match.end() for match in _TEXT.finditer(text, line_start)
    )


def _guessed_word(text: str, span: Span, view: View, document: Document) -> Mention | None:
    word = text[span.start : span.end]
    owner = re.search(r"([^\W\d]\w*)\s*\.\s*\Z", text[max(0, span.start - 80) : span.start])
    if owner and owner[1].lower() in _CUSTOMER:
        return Mention(kind="attribute", name=word, span=span)
    if owner and (owner[1].lower() in _EVENT or owner[1] in view.catalog.events):
        events = (owner[1],) if owner[1] in view.catalog.events else tuple(view.catalog.events)
        return Mention(kind="property", name=word, span=span, events=events)
    if owner:
        return None
    if word in view.catalog.events:
        return Mention(kind="event", name=word, span=span)
    if word in view.definitions(document.path):
        return Mention(kind="name", name=word, span=span)
    return None


def keyword_at(document: Document, offset: int) -> tuple[str, Span] | None:
    """The terminal of the keyword at the place. Nothing behind the first mistake of an item: there it is a guess."""
    for piece in pieces_near(document, offset):
        for token in tokens_of(piece.text, document.kind):
            begin, end = piece.span.start + (token.start_pos or 0), piece.span.start + (token.end_pos or 0)
            if begin <= offset <= end and token.type in (*ENGLISH, "CHANNEL"):
                return token.type, Span(begin, end)
    return None


def tokens_of(text: str, kind: FileKind) -> list[Token]:
    """As far as the text can be read."""
    start: Start = "testfile" if kind == "tests" else "file"
    found: list[Token] = []
    with suppress(UnexpectedCharacters, UnexpectedToken):
        for token in grammar.parser().parse_interactive(text, start=start).iter_parse():
            found.append(token)
    return found
