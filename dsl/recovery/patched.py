"""A chunk with its repairs applied, and the way back from a place in it to the place in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.diagnostics import Edit
from dsl.source import Source, Span


@dataclass
class Patched:
    """`edits` are in the file's places, in order, and never overlap."""

    source: Source
    chunk: Span
    edits: list[Edit] = field(default_factory=list)

    @property
    def text(self) -> str:
        pieces, done = [], self.chunk.start
        for edit in self.edits:
            pieces += [self.source.text[done : edit.span.start], edit.text]
            done = edit.span.end
        return "".join([*pieces, self.source.text[done : self.chunk.end]])

    def apply(self, edit: Edit) -> bool:
        """Repair the text, in places of the text. False when the repair would touch an earlier one."""
        if self._is_new(edit.span.start) or self._is_new(edit.span.end):
            return False
        span = Span(self.start_of(edit.span.start), self.end_of(edit.span.end))
        if span.end < span.start or any(_overlap(span, other.span) for other in self.edits):
            return False
        self.edits = sorted([*self.edits, Edit(span, edit.text)], key=lambda other: other.span)
        return True

    def span(self, span: Span) -> Span:
        start = self.start_of(span.start)
        return Span(start, max(start, self.end_of(span.end)))

    def start_of(self, position: int) -> int:
        return self._place(position, inside_starts=True)

    def end_of(self, position: int) -> int:
        return self._place(position, inside_starts=False)

    def _place(self, position: int, *, inside_starts: bool) -> int:
        """A place inside a repair is the start of what was repaired, or its end."""
        shift = self.chunk.start
        for edit in self.edits:
            start = edit.span.start - shift
            end = start + len(edit.text)
            if position < start or (position == start and not inside_starts):
                break
            if position < end or (position == end and not inside_starts):
                return edit.span.start if inside_starts else edit.span.end
            shift += edit.span.end - edit.span.start - len(edit.text)
        return position + shift

    def _is_new(self, position: int) -> bool:
        """Strictly inside text that a repair has put there."""
        shift = self.chunk.start
        for edit in self.edits:
            start = edit.span.start - shift
            if start < position < start + len(edit.text):
                return True
            shift += edit.span.end - edit.span.start - len(edit.text)
        return False


def _overlap(first: Span, second: Span) -> bool:
    if first == second:
        return True
    return first.start < second.end and second.start < first.end
