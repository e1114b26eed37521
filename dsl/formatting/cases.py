"""Cases of test files as lines, their tables with aligned columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from dsl import syntax
from dsl.formatting.blocks import Page
from dsl.formatting.conditions import condition, operand, pairs
from dsl.formatting.layout import STEP, Doc, Line, flat
from dsl.formatting.values import day, literal, path, quoted
from dsl.formatting.words import Words
from dsl.keywords import CHANNELS, ENGLISH, RUSSIAN

_WORD = re.compile(r"\w*")


def _forms(*terminals: str) -> frozenset[str]:
    return frozenset(word for terminal in terminals for word in (*ENGLISH[terminal], *RUSSIAN[terminal]))


#: A condition that begins with a name of this kind needs brackets after `expect`.
_EXPECTED = _forms("NO", "NOTHING", "SKIPPED", "EXIT", "TAG", "CALL", "NOTIFY") | frozenset(CHANNELS)

#: Alone on a line, these begin the next case.
_BEGIN_CASE = _forms("TEST", "TODO")


def case_lines(page: Page, found: syntax.TestCase) -> list[Line]:
    words = page.words
    todo = f"{words('TODO')} " if found.todo else ""
    is_open = f" {words('OPEN')}" if found.open else ""
    title = f"{todo}{words('TEST')} {quoted(found.title.text)}{is_open}"
    lines = [Line(start=found.span.start, indent=0, doc=[title])]
    for each in found.lines:
        lines.append(Line(start=each.span.start, indent=STEP, doc=_PRINTERS[type(each)](words, each)))
    return lines + (_examples(page, found.examples) if found.examples else [])


def _examples(page: Page, found: syntax.Examples) -> list[Line]:
    start, keyword = found.span.start, page.words("EXAMPLES")
    word = _WORD.match(page.margins.text, start)
    assert word is not None
    written = [list(found.columns), *([literal(page.words, cell) for cell in row] for row in found.rows)]
    columns, *rows = _aligned(written)
    lines = [
        Line(start=start, indent=STEP, doc=[keyword]),
        Line(start=page.margins.next_word(word.end()), indent=2 * STEP, doc=[columns]),
    ]
    if columns.lower() in _BEGIN_CASE:
        lines = [Line(start=start, indent=STEP, doc=[f"{keyword} {columns}"])]
    for cells, row in zip(found.rows, rows, strict=True):
        lines.append(Line(start=cells[0].span.start, indent=2 * STEP, doc=[row]))
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The cells of each row after one another, each column as wide as its widest cell."""
    last = len(rows[0]) - 1
    marked = [[cell if place == last else f"{cell}," for place, cell in enumerate(row)] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*marked, strict=True)]
    return [" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in marked]


def moment(words: Words, found: syntax.Moment) -> str:
    """Times have two digits here, so that a timeline is even."""
    if found.plus:
        return f"{words('PLUS')} {words.duration(found.plus)}"
    time = found.time.value.isoformat("minutes") if found.time else ""
    return f"{day(found.date)} {time}" if found.date else time


def _whose(words: Words, name: syntax.Name | None) -> str:
    return f" {words('FOR')} {name.text}" if name else ""


def _customer(words: Words, found: syntax.GivenCustomer) -> Doc:
    name = f" {found.name.text}" if found.name else ""
    return [words("CUSTOMER") + name, *pairs(words, found.attributes)]


def _history(words: Words, found: syntax.GivenHistory) -> Doc:
    what = f"{words.behind('HAD', found.span.start)} {found.count} {found.event.text} {words.last(found.within)}"
    return [what + _whose(words, found.customer), *pairs(words, found.properties)]


def _split(words: Words, found: syntax.GivenSplit) -> Doc:
    return [f"{words('SPLIT')} {quoted(found.split.text)} {words('TAKES')} {quoted(found.takes.text)}"]


def _at_event(words: Words, found: syntax.AtEvent) -> Doc:
    event = f"{words('AT_MOMENT')} {moment(words, found.at)} {found.event.text}"
    return [event + _whose(words, found.customer), *pairs(words, found.properties)]


def _at_change(words: Words, found: syntax.AtChange) -> Doc:
    change = f"{path(words, found.path)} {words.behind('BECOMES', found.path.span.end)} {operand(words, found.value)}"
    return [f"{words('AT_MOMENT')} {moment(words, found.at)} {change}{_whose(words, found.customer)}"]


def _message(words: Words, found: syntax.ExpectMessage) -> Doc:
    message = f"{words('EXPECT')} {words.channel(found.channel)} {quoted(found.template.text)}"
    return [f"{message} {_when(words, found)}{_whose(words, found.customer)}"]


def _when(words: Words, found: syntax.ExpectMessage | syntax.ExpectTold) -> str:
    if found.between:
        first, last = (moment(words, each) for each in found.between)
        return f"{words('BETWEEN')} {first} {words('AND')} {last}"
    return f"{words('AT')} {moment(words, found.at)}" if found.at else ""


def _told(words: Words, found: syntax.ExpectTold) -> Doc:
    said = f" {quoted(found.message.text)}" if found.message else ""
    told = f"{words('EXPECT')} {words(found.to.upper())} {quoted(found.name.text)}{said}"
    return [f"{told} {_when(words, found)}{_whose(words, found.customer)}", *pairs(words, found.properties)]


def _not_told(words: Words, found: syntax.ExpectNotTold) -> Doc:
    name = f" {quoted(found.name.text)}" if found.name else ""
    return [f"{words('EXPECT')} {words('NO')} {words(found.to.upper())}{name}{_whose(words, found.customer)}"]


def _no_message(words: Words, found: syntax.ExpectNoMessage) -> Doc:
    what = words.channel(found.channel) if found.channel else words("MESSAGES")
    template = f" {quoted(found.template.text)}" if found.template else ""
    return [f"{words('EXPECT')} {words('NO')} {what}{template}{_whose(words, found.customer)}"]


def _nothing(words: Words, found: syntax.ExpectNothing) -> Doc:
    until = f" {words('UNTIL')} {moment(words, found.until)}" if found.until else ""
    return [f"{words('EXPECT')} {words('NOTHING')}{until}"]


def _skipped(words: Words, found: syntax.ExpectSkipped) -> Doc:
    message = f"{words.channel(found.channel)} {quoted(found.template.text)}"
    because = f"{words('BECAUSE')} {quoted(found.reason.text)}{_whose(words, found.customer)}"
    return [f"{words('EXPECT')} {words('SKIPPED')} {message} {because}"]


def _exit(words: Words, found: syntax.ExpectExit) -> Doc:
    reason = quoted(found.reason.text) if isinstance(found.reason, syntax.Text) else found.reason.text
    because = f"{words('BECAUSE')} {reason}{_whose(words, found.customer)}"
    return [f"{words('EXPECT')} {words('EXIT', ru='выход')} {because}"]


def _value(words: Words, found: syntax.ExpectValue) -> Doc:
    doc = condition(words, found.condition)
    first = flat(doc).split(maxsplit=1)[0].partition(".")[0].lower()
    if first in _EXPECTED or words.joins(first, words("EXPECT")):
        doc = ["(", *doc, ")"]
    return [f"{words('EXPECT')} ", *doc, _whose(words, found.customer)]


def _tag(words: Words, found: syntax.ExpectTag) -> Doc:
    return [f"{words('EXPECT')} {words('TAG')} {quoted(found.tag.text)}{_whose(words, found.customer)}"]


_PRINTERS: dict[type, Callable[[Words, Any], Doc]] = {
    syntax.GivenCustomer: _customer,
    syntax.GivenHistory: _history,
    syntax.GivenSplit: _split,
    syntax.GivenWorkspace: lambda words, found: [words("WORKSPACE"), *pairs(words, found.settings)],
    syntax.GivenFailure: lambda words, found: [f"{words('TEMPLATE')} {quoted(found.template.text)} {words('FAILS')}"],
    syntax.GivenPool: lambda words, found: [f"{words('PROMO')} {quoted(found.pool.text)} {words('RUNS_DRY')}"],
    syntax.GivenRules: lambda words, found: [f"{words('RULES')} {quoted(found.path.text)}"],
    syntax.AtEvent: _at_event,
    syntax.AtChange: _at_change,
    syntax.ExpectMessage: _message,
    syntax.ExpectNoMessage: _no_message,
    syntax.ExpectNothing: _nothing,
    syntax.ExpectSkipped: _skipped,
    syntax.ExpectExit: _exit,
    syntax.ExpectValue: _value,
    syntax.ExpectTag: _tag,
    syntax.ExpectTold: _told,
    syntax.ExpectNotTold: _not_told,
}
