"""Lines of a formatted file, and where a long one may break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 100
STEP = 2  # blanks of one level of indentation
ALWAYS = -1
FILL = 1_000

#: Text, and numbers for the blanks where a line may break. All blanks of the lowest number break together; ALWAYS
#: breaks also when the line would fit, FILL only where the line is full.
Doc: TypeAlias = list[str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What stands on one line when it fits. `start` is where its first word stands in the file it comes from."""

    start: int
    indent: int
    doc: Doc
    closes: bool = False  # `end`: comments before it belong to the block above

    def written(self) -> list[str]:
        return _broken(self.doc, self.indent, self.indent + 2 * STEP)

    def fits(self) -> bool:
        return ALWAYS not in self.doc and self.indent + width(self.doc) <= WIDTH


def flat(doc: Doc) -> str:
    return "".join([part if isinstance(part, str) else " " for part in doc])


def width(doc: Doc) -> int:
    return len(flat(doc))


def text(doc: Doc) -> Doc:
    """On one line."""
    return [flat(doc)]


def joined(docs: list[Doc], between: Doc) -> Doc:
    found: Doc = []
    for index, doc in enumerate(docs):
        if index:
            found += between
        found += doc
    return found


def _broken(doc: Doc, indent: int, below: int) -> list[str]:
    """At the places of the lowest level, when the line is too long; what is still too long breaks at the next."""
    line = " " * indent + flat(doc)
    levels = [part for part in doc if isinstance(part, int)]
    if not levels or (len(line) <= WIDTH and ALWAYS not in levels):
        return [line]
    level = min(levels)
    first, *others = _filled(doc, indent, below) if level == FILL else _split(doc, level)
    lines = _broken(first, indent, below)
    for other in others:
        lines += _broken(other, below, below + STEP)
    return lines


def _split(doc: Doc, level: int) -> list[Doc]:
    pieces: list[Doc] = [[]]
    for part in doc:
        if part == level:
            pieces.append([])
        else:
            pieces[-1].append(part)
    return pieces


def _filled(doc: Doc, indent: int, below: int) -> list[Doc]:
    pieces = [flat(piece) for piece in _split(doc, FILL)]
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if (indent if len(lines) == 1 else below) + len(lines[-1]) + 1 + len(piece) <= WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return [[line] for line in lines]
