"""A rule file or test file that is being written: read again at every change, but only where it changed."""

from __future__ import annotations

import re
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
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.parse_tree import Start
from dsl.parser import MOST_EXPLAINED, parse_chunk, parse_file, parse_tests
from dsl.problems import Problems
from dsl.source import Source, Span

_WORDS = [form for each in ("DEFINE", "SEGMENT", "LET", "USE") for form in (*ENGLISH[each], *RUSSIAN[each])]
_DEFINES = re.compile(rf"^[\s\u200b\ufeff]*(?:{'|'.join(_WORDS)})\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, eq=False)
class _Birth:
    """A piece as it was when it was new. It is parsed when somebody looks: to explain a mistake takes longer than to
    answer what may be written next, and a person who writes waits for the answer."""

    source: Source
    span: Span
    kind: FileKind

    @cached_property
    def may_define(self) -> bool:
        return _DEFINES.search(self.source.text, self.span.start, self.span.end) is not None

    @cached_property
    def parsed(self) -> tuple[tuple[Any, ...], tuple[Diagnostic, ...], bool]:
        """Items, findings, and whether the parser stumbled."""
        problems = Problems(self.source)
        broken: list[Span] = []
        start: Start = "testfile" if self.kind == "tests" else "file"
        items = tuple(parse_chunk(problems, start, self.span, broken))
        return items, tuple(sorted(problems.found, key=lambda each: each.span.start)), bool(broken)


@dataclass(frozen=True, eq=False)
class Piece:
    """One item of the file with what the parser said of it. Its tree is moved only when somebody looks."""

    source: Source  # as it is now
    span: Span
    text: str
    birth: _Birth

    @property
    def _by(self) -> int:
        return self.span.start - self.birth.span.start

    @cached_property
    def items(self) -> tuple[Any, ...]:
        items = self.birth.parsed[0]
        return moved(items, self._by) if self._by else items

    @property
    def definitions(self) -> tuple[Any, ...]:
        """Its items that are no rules. Most pieces have none, and are not even parsed for that."""
        if not self.birth.may_define:
            return ()
        return tuple(item for item in self.items if not isinstance(item, syntax.Rule))

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        return tuple(moved_finding(each, self._by, self.source) for each in self.birth.parsed[1])

    @property
    def is_broken(self) -> bool:
        return self.birth.parsed[2]


@dataclass(frozen=True, eq=False)
class Document:
    source: Source
    kind: FileKind
    pieces: tuple[Piece, ...]

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def items(self) -> tuple[Any, ...]:
        return self._read[0]

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[tuple[Any, ...], tuple[Diagnostic, ...]]:
        """A file of nothing but mistakes is read as the checker reads it, which explains the first of them."""
        if sum(piece.is_broken for piece in self.pieces) > MOST_EXPLAINED:
            if self.kind == "tests":
                cases, found = parse_tests(self.source)
                return cases.cases, tuple(found)
            file, found = parse_file(self.source)
            return file.items, tuple(found)
        items = tuple([item for piece in self.pieces for item in piece.items])
        return items, tuple(each for piece in self.pieces for each in piece.found)

    @cached_property
    def rule_file(self) -> syntax.RuleFile:
        return syntax.RuleFile(source=self.source, items=self.items if self.kind == "rules" else ())

    @cached_property
    def definitions(self) -> syntax.RuleFile:
        """The file without its rules: what other files may see of it."""
        items = [item for piece in self.pieces for item in piece.definitions] if self.kind == "rules" else []
        return syntax.RuleFile(source=self.source, items=tuple(items))

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.span.start for piece in self.pieces]

    def piece_from(self, offset: int) -> Piece | None:
        """The piece that the character at `offset` belongs to; the end of the file belongs to the last one."""
        place = bisect_right(self._starts, offset) - 1
        return self.pieces[place] if self.pieces else None

    def piece_at(self, offset: int) -> Piece | None:
        """The piece that the character before `offset` belongs to; None in an empty file."""
        place = bisect_right(self._starts, max(0, offset - 1)) - 1
        return self.pieces[place] if self.pieces else None


def read_document(source: Source, kind: FileKind, before: Document | None = None) -> Document:
    """What of `before` stands in the new text too, in whatever place, is not parsed again."""
    known: defaultdict[str, list[_Birth]] = defaultdict(list)
    for piece in before.pieces if before else ():
        known[piece.text].append(piece.birth)
    chunks = (test_chunks if kind == "tests" else rule_chunks)(source.text)
    return Document(source, kind, tuple([_piece(source, kind, chunk, known) for chunk in chunks]))


def _piece(source: Source, kind: FileKind, chunk: Span, known: dict[str, list[_Birth]]) -> Piece:
    text = source.slice(chunk)
    birth = known[text].pop(0) if known[text] else _Birth(source, chunk, kind)
    return Piece(source, chunk, text, birth)
