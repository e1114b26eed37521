"""Places as the protocol counts them: lines from 0, columns in the units that client and server have agreed on."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache

from lsprotocol.types import Position, PositionEncodingKind, Range

from dsl.source import Span

#: What ends a line for the protocol. Python knows more line breaks, and a form feed must not shift every line below.
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


class Positions:
    """Of one text. Offsets are code points, as in dsl/source.py."""

    def __init__(self, text: str, encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16) -> None:
        self.text = text
        self._encoding = PositionEncodingKind(encoding)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_BREAK.finditer(self.text))]

    def position(self, offset: int) -> Position:
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._lines, offset) - 1
        return Position(line, self._units(self.text[self._lines[line] : offset]))

    def offset(self, position: Position) -> int:
        """A place behind the end of a line, or of the text, counts as that end."""
        if position.line >= len(self._lines):
            return len(self.text)
        start = self._lines[position.line]
        end = self._line_end(position.line)
        if self._encoding == PositionEncodingKind.Utf32 or self.text[start:end].isascii():
            return min(start + position.character, end)
        left = position.character
        for offset in range(start, end):
            left -= self._units(self.text[offset])
            if left < 0:
                return offset
        return end

    def range(self, span: Span) -> Range:
        return Range(self.position(span.start), self.position(span.end))

    def _line_end(self, line: int) -> int:
        if line + 1 == len(self._lines):
            return len(self.text)
        end = self._lines[line + 1]
        return end - (2 if self.text[end - 2 : end] == "\r\n" else 1)

    def _units(self, text: str) -> int:
        if text.isascii() or self._encoding == PositionEncodingKind.Utf32:
            return len(text)
        if self._encoding == PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", errors="surrogatepass"))
        return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


@lru_cache(maxsize=16)
def positions_in(text: str, encoding: PositionEncodingKind | str) -> Positions:
    """Of a text that is looked at again and again, as for each of its marks."""
    return Positions(text, encoding)
