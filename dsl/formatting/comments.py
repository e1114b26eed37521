"""The comments of a file: where they stand, and where the next word stands."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

_QUOTED_OR_COMMENT = re.compile(r'"[^"\r\n]*"|«[^»\r\n]*»|“[^”\r\n]*”|„[^“\r\n]*“|(?P<comment>#[^\n]*)')
_BLANKS = re.compile(r"[\s\u200b\ufeff]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """`text` begins with `#` and has no blanks at its end. A comment that is not `own_line` stands after a word."""

    start: int
    end: int
    text: str
    own_line: bool


@dataclass(frozen=True)
class Margins:
    """What stands between the words of a text that was read without mistakes."""

    text: str

    @cached_property
    def comments(self) -> list[Comment]:
        return [self._comment(*found.span()) for found in _QUOTED_OR_COMMENT.finditer(self.text) if found["comment"]]

    @cached_property
    def _starts(self) -> list[int]:
        return [comment.start for comment in self.comments]

    def between(self, start: int, end: int) -> list[Comment]:
        return self.comments[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def next_word(self, offset: int) -> int:
        """Where the next word begins, at `offset` or after it; the end of the text when there is none."""
        while True:
            blanks = _BLANKS.match(self.text, offset)
            assert blanks is not None
            offset = blanks.end()
            if not self.text.startswith("#", offset):
                return offset
            line_break = self.text.find("\n", offset)
            offset = len(self.text) if line_break < 0 else line_break

    def column(self, offset: int) -> int:
        """From 0."""
        return offset - self._line_start(offset)

    def blank_line_between(self, start: int, end: int) -> bool:
        return self.text.count("\n", start, end) > 1

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _comment(self, start: int, end: int) -> Comment:
        before = _BLANKS.match(self.text, self._line_start(start), start)
        return Comment(start, end, self.text[start:end].rstrip(), before is not None and before.end() == start)
