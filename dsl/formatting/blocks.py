"""Steps as lines: one for each, with branches and splits as blocks around theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsl import syntax
from dsl.formatting.comments import Margins
from dsl.formatting.conditions import after
from dsl.formatting.layout import ALWAYS, STEP, Doc, Line, flat
from dsl.formatting.steps import step
from dsl.formatting.values import number, quoted
from dsl.formatting.words import Words
from dsl.source import Span

_MOST_INLINE = 2  # steps of a split's arm on one line


@dataclass(frozen=True, slots=True)
class Page:
    """What the lines are written in, and the file that they come from."""

    words: Words
    margins: Margins

    def has_comments(self, span: Span) -> bool:
        return bool(self.margins.between(span.start, span.end))


def is_block(found: syntax.Step) -> bool:
    return isinstance(found, (syntax.Branch, syntax.Split))


def inline(words: Words, steps: Sequence[syntax.Step]) -> Doc | None:
    """Several steps on one line; None when one of them cannot stand there."""
    if any(is_block(each) for each in steps):
        return None
    docs = [step(words, each) for each in steps]
    return None if any(ALWAYS in doc for doc in docs) else [" ".join(flat(doc) for doc in docs)]


def step_lines(page: Page, steps: Sequence[syntax.Step], indent: int) -> list[Line]:
    lines: list[Line] = []
    for each in steps:
        if isinstance(each, syntax.Branch):
            lines += _branch(page, each, indent)
        elif isinstance(each, syntax.Split):
            lines += _split(page, each, indent)
        else:
            lines.append(Line(start=each.span.start, indent=indent, doc=step(page.words, each)))
    return lines


def _branch(page: Page, found: syntax.Branch, indent: int) -> list[Line]:
    short = _short_branch(page, found, indent)
    if short:
        return [short]
    lines: list[Line] = []
    for arm in found.arms:
        head = page.words("ELSE_IF" if lines else "IF")
        lines.append(Line(start=arm.span.start, indent=indent, doc=_arm_head(page.words, head, arm.condition)))
        lines += step_lines(page, arm.steps, indent + STEP)
    above = found.arms[-1].span.end
    if found.otherwise is not None:
        otherwise = page.margins.next_word(above)
        lines.append(Line(start=otherwise, indent=indent, doc=[page.words("ELSE")]))
        lines += step_lines(page, found.otherwise, indent + STEP)
        above = found.otherwise[-1].span.end
    return [*lines, _end(page, above, indent)]


def _arm_head(words: Words, head: str, condition: syntax.Condition) -> Doc:
    return [f"{head} ", *after(words, head, condition), f" {words('THEN')}"]


def _short_branch(page: Page, found: syntax.Branch, indent: int) -> Line | None:
    """`if arrived then exit end`."""
    if found.otherwise is not None or len(found.arms) > 1 or page.has_comments(found.span):
        return None
    arm = found.arms[0]
    body = inline(page.words, arm.steps) if len(arm.steps) == 1 else None
    if body is None:
        return None
    doc: Doc = [*_arm_head(page.words, page.words("IF"), arm.condition), " ", *body, f" {page.words('END')}"]
    line = Line(start=found.span.start, indent=indent, doc=doc)
    return line if line.fits() else None


def _split(page: Page, found: syntax.Split, indent: int) -> list[Line]:
    name = f" {quoted(found.name.text)}" if found.name else ""
    lines = [Line(start=found.span.start, indent=indent, doc=[page.words("SPLIT") + name])]
    for arm in found.arms:
        lines += _split_arm(page, arm, indent + STEP)
    return [*lines, _end(page, found.arms[-1].span.end, indent)]


def _split_arm(page: Page, found: syntax.SplitArm, indent: int) -> list[Line]:
    share, start = f"{number(found.share.value)}%", found.span.start
    if found.holdout:
        return [Line(start=start, indent=indent, doc=[f"{share} {page.words('HOLDOUT')}"])]
    head = share + (f" {quoted(found.label.text)}" if found.label else "") + ":"
    body = inline(page.words, found.steps) if len(found.steps) <= _MOST_INLINE else None
    line = Line(start=start, indent=indent, doc=[f"{head} ", *(body or [])])
    if body and line.fits() and not page.has_comments(found.span):
        return [line]
    return [Line(start=start, indent=indent, doc=[head]), *step_lines(page, found.steps, indent + STEP)]


def _end(page: Page, above: int, indent: int) -> Line:
    return Line(start=page.margins.next_word(above), indent=indent, doc=[page.words("END")], closes=True)
