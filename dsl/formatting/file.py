"""A whole file: its header, its items with their comments, and the blank lines between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dsl import syntax
from dsl.formatting.blocks import Page
from dsl.formatting.comments import Comment, Margins
from dsl.formatting.header import header, language_of, spoken
from dsl.formatting.layout import STEP, Line
from dsl.formatting.words import Language, Words

Item: TypeAlias = syntax.Item | syntax.TestCase
Lines: TypeAlias = Callable[[Page, Any], list[Line]]

#: These stand without a blank line between them when each is one line.
_CLOSE = (syntax.Use, syntax.Let, syntax.Define, syntax.Segment)


@dataclass(slots=True)
class Block:
    """An item's lines, and the comments that it takes from around it."""

    item: Item
    lines: list[Line]
    lead: list[Comment] = field(default_factory=list)  # above it, at the left margin
    inside: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)  # below its last line, indented


def write_file(text: str, items: Sequence[Item], lines: Lines, language: Language | None) -> str:
    """The file in one style. `language` None keeps the one that its header or its words speak."""
    margins = Margins(text)
    first = items[0].span.start if items else len(text)
    headers = [comment for comment in margins.between(0, first) if language_of(comment)]
    own = language_of(headers[0]) if headers else None
    chosen: Language = language or own or spoken(text, items)

    page = Page(Words(chosen, text), margins)
    comments = [comment for comment in margins.comments if comment not in headers] if headers else margins.comments
    blocks, rest = _share_out(page, [Block(item, lines(page, item)) for item in items], comments)
    top = [header(chosen)] if chosen == "ru" or own == "en" else []
    written = [*top, *_separated(top, _written(page, blocks, rest))]
    return "\n".join(written) + "\n" if written else ""


def _separated(above: list[str], below: list[str]) -> list[str]:
    return ["", *below] if above and below else below


def _share_out(page: Page, blocks: list[Block], comments: Sequence[Comment]) -> tuple[list[Block], list[Comment]]:
    """Gives every comment to the item that it is about; those at the end of the file are left."""
    starts = [block.item.span.start for block in blocks]
    rest: list[Comment] = []
    for comment in comments:
        place = bisect_right(starts, comment.start) - 1
        above = blocks[place] if place >= 0 else None
        if above and (comment.start < above.item.span.end or not comment.own_line):
            above.inside.append(comment)
        elif above and _is_tail(page, above, comment):
            above.tail.append(comment)
        else:
            (blocks[place + 1].lead if place + 1 < len(blocks) else rest).append(comment)
    return blocks, rest


def _is_tail(page: Page, above: Block, comment: Comment) -> bool:
    """Indented right under an item of several lines: a step that somebody took out, not a remark on the next item."""
    last = [*above.inside, *above.tail][-1].end if above.inside or above.tail else 0
    column, margin = (page.margins.column(each) for each in (comment.start, above.item.span.start))
    touches = not page.margins.blank_line_between(max(last, above.item.span.end), comment.start)
    return len(above.lines) > 1 and column > margin and touches


def _written(page: Page, blocks: Sequence[Block], rest: Sequence[Comment]) -> list[str]:
    found: list[str] = []
    above: Block | None = None
    was_one_line = False
    for block in blocks:
        body = _body(page, block)
        lead = _remarks(page, block.lead, block.item.span.start)
        is_one_line = len(body) == 1
        close = above and was_one_line and is_one_line and not lead and _belong_together(above.item, block.item)
        found += ([] if close or not found else [""]) + lead + body
        above, was_one_line = block, is_one_line
    end = _remarks(page, rest, len(page.margins.text))
    return [*found, *_separated(found, end)]


def _belong_together(above: Item, below: Item) -> bool:
    return type(above) is type(below) and isinstance(above, _CLOSE)


def _remarks(page: Page, comments: Sequence[Comment], end: int) -> list[str]:
    """Comments at the left margin, and a blank line wherever there was one below them."""
    found: list[str] = []
    following = [*(comment.start for comment in comments), end][1:]
    for comment, below in zip(comments, following, strict=True):
        found.append(comment.text)
        if page.margins.blank_line_between(comment.end, below) and below < len(page.margins.text):
            found.append("")
    return found


def _body(page: Page, block: Block) -> list[str]:
    starts = [line.start for line in block.lines]
    of_line: list[list[Comment]] = [[] for _ in starts]
    for comment in block.inside:
        # A comment on its own line is about what comes next, another one about what stands before it.
        about = page.margins.next_word(comment.end) if comment.own_line else comment.start
        of_line[max(0, bisect_right(starts, about) - 1)].append(comment)
    found: list[str] = []
    for line, comments in zip(block.lines, of_line, strict=True):
        found += _with_comments(line, comments)
    return found + [" " * STEP + comment.text for comment in block.tail]


def _with_comments(line: Line, comments: list[Comment]) -> list[str]:
    written = line.written()
    if not comments:
        return written
    behind = next((comment for comment in reversed(comments) if not comment.own_line), None)
    indent = " " * (line.indent + STEP * line.closes)
    above = [indent + comment.text for comment in comments if comment is not behind]
    if behind:
        written[-1] += f"  {behind.text}"
    return above + written
