"""Rules, segments, definitions, constants and imports as lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import syntax
from dsl.formatting.blocks import Page, inline, step_lines
from dsl.formatting.clauses import clause
from dsl.formatting.conditions import condition, operand, operand_list
from dsl.formatting.layout import STEP, Doc, Line, flat
from dsl.formatting.triggers import trigger
from dsl.formatting.values import quoted
from dsl.formatting.words import Words
from dsl.walk import walk

_MOST_CLAUSES_INLINE = 2


def item_lines(page: Page, found: syntax.Item) -> list[Line]:
    if isinstance(found, syntax.Rule):
        return _rule(page, found)
    return [Line(start=found.span.start, indent=0, doc=_PRINTERS[type(found)](page.words, found))]


def _rule(page: Page, found: syntax.Rule) -> list[Line]:
    short = _one_liner(page, found)
    if short:
        return [short]
    head, lines = trigger(page.words, found.trigger, found.delay), []
    if found.name:
        name = f"{page.words('RULE')} {quoted(found.name.text)}"
        lines.append(Line(start=found.span.start, indent=0, doc=[name]))
        lines.append(Line(start=page.margins.next_word(found.name.span.end), indent=STEP, doc=head))
    else:
        lines.append(Line(start=found.span.start, indent=0, doc=head))
    for each in found.clauses:
        lines.append(Line(start=each.span.start, indent=STEP, doc=clause(page.words, each)))
    return lines + step_lines(page, found.steps, STEP)


def _one_liner(page: Page, found: syntax.Rule) -> Line | None:
    """`when cart_abandoned after 1h send email "cart"`."""
    if found.name or len(found.steps) > 1 or page.has_comments(found.span):
        return None
    if len(found.clauses) > _MOST_CLAUSES_INLINE or not all(_is_simple(each) for each in found.clauses):
        return None
    steps = inline(page.words, found.steps)
    if steps is None:
        return None
    doc = trigger(page.words, found.trigger, found.delay)
    for part in (*(clause(page.words, each) for each in found.clauses), steps):
        doc = [*doc, " ", *part]
    line = Line(start=found.span.start, indent=0, doc=doc)
    return Line(start=line.start, indent=0, doc=[flat(doc)]) if line.fits() else None


def _is_simple(found: syntax.Clause) -> bool:
    return not any(isinstance(node, (syntax.And, syntax.Or)) for node in walk(found))


def _let(words: Words, found: syntax.Let) -> Doc:
    name = f"{words('LET')} {found.name.text} = "
    if isinstance(found.value, tuple):
        return [name, *operand_list(words, found.value)]
    return [name + operand(words, found.value)]


def _means(terminal: str) -> Callable[[Words, Any], Doc]:
    def written(words: Words, found: Any) -> Doc:
        return [f"{words(terminal)} {found.name.text} {words('MEANS')} ", *condition(words, found.condition)]

    return written


_PRINTERS: dict[type, Callable[[Words, Any], Doc]] = {
    syntax.Use: lambda words, found: [f"{words('USE')} {quoted(found.path.text)}"],
    syntax.Let: _let,
    syntax.Define: _means("DEFINE"),
    syntax.Segment: _means("SEGMENT"),
}
