"""A rule file or test file that is being written: read again at every change, but only where it changed."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dsl import syntax
from dsl.assistance.moving import moved, moved_finding
from dsl.chunks import rule_chunks, test_chunks
from dsl.diagnostics import Diagnostic
from dsl.formatting.proof import FileKind
from dsl.grammar import Start
from dsl.parser import MOST_EXPLAINED, parse_chunk, parse_file, parse_tests
from dsl.problems import Problems
from dsl.source import Source, Span


@dataclass(frozen=True, eq=False)
class Piece:
    """One item of the file with what the parser said of it. Its tree is moved only when somebody looks."""

    source: Source  # as it is now
    span: Span
    text: str
    born_at: int  # where it stood when it was parsed
    born_items: tuple[Any, ...]
    born_found: tuple[Diagnostic, ...]
    is_broken: bool

    @cached_property
    def items(self) -> tuple[Any, ...]:
        by = self.span.start - self.born_at
        return moved(self.born_items, by) if by else self.born_items

    @property
    def definitions(self) -> tuple[Any, ...]:
        """Its items that are no rules. Most pieces have none, and their trees are not moved for that."""
        if any(not isinstance(item, syntax.Rule) for item in self.born_items):
            return tuple(item for item in self.items if not isinstance(item, syntax.Rule))
        return ()

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        by = self.span.start - self.born_at
        return tuple(moved_finding(each, by, self.source) for each in self.born_found)


@dataclass(frozen=True, eq=False)
class Document:
    source: Source
    kind: FileKind
    pieces: tuple[Piece, ...]
    is_read_whole: bool = False  # too many mistakes to explain: read as `kogda check` reads it

    @property
    def path(self) -> str:
        return self.source.path

    @cached_property
    def items(self) -> tuple[Any, ...]:
        return tuple([item for piece in self.pieces for item in piece.items])

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        return tuple(found for piece in self.pieces for found in piece.found)

    @cached_property
    def rule_file(self) -> syntax.RuleFile:
        return syntax.RuleFile(source=self.source, items=self.items if self.kind == "rules" else ())

    @cached_property
    def test_file(self) -> syntax.TestFile:
        return syntax.TestFile(source=self.source, cases=self.items if self.kind == "tests" else ())

    @cached_property
    def definitions(self) -> syntax.RuleFile:
        """The file without its rules: what other files may see of it."""
        items = [item for piece in self.pieces for item in piece.definitions] if self.kind == "rules" else []
        return syntax.RuleFile(source=self.source, items=tuple(items))

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.span.start for piece in self.pieces]

    def piece_at(self, offset: int) -> Piece | None:
        """The piece that the character before `offset` belongs to; None in an empty file."""
        place = bisect_right(self._starts, max(0, offset - 1)) - 1
        return self.pieces[place] if self.pieces else None


def read_document(source: Source, kind: FileKind, before: Document | None = None) -> Document:
    """What of `before` stands in the new text too, in whatever place, is not parsed again."""
    known: defaultdict[str, list[Piece]] = defaultdict(list)
    for piece in before.pieces if before and not before.is_read_whole else ():
        known[piece.text].append(piece)
    chunks = (test_chunks if kind == "tests" else rule_chunks)(source.text)
    pieces = [_piece(source, kind, chunk, known) for chunk in chunks]
    if sum(piece.is_broken for piece in pieces) > MOST_EXPLAINED:
        return _read_whole(source, kind)
    return Document(source, kind, tuple(pieces))


def _piece(source: Source, kind: FileKind, chunk: Span, known: dict[str, list[Piece]]) -> Piece:
    text = source.slice(chunk)
    if known[text]:
        born = known[text].pop(0)
        return Piece(source, chunk, text, born.born_at, born.born_items, born.born_found, born.is_broken)
    problems = Problems(source)
    broken: list[Span] = []
    start: Start = "testfile" if kind == "tests" else "file"
    items = tuple(parse_chunk(problems, start, chunk, broken))
    found = tuple(sorted(problems.found, key=lambda each: each.span.start))
    return Piece(source, chunk, text, chunk.start, items, found, bool(broken))


def _read_whole(source: Source, kind: FileKind) -> Document:
    items: tuple[Any, ...]
    if kind == "tests":
        cases, found = parse_tests(source)
        items = cases.cases
    else:
        file, found = parse_file(source)
        items = file.items
    whole = Span(0, len(source.text))
    return Document(
        source, kind, (Piece(source, whole, source.text, 0, items, tuple(found), True),), is_read_whole=True
    )
