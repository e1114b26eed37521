"""Conditions, and the values that look into history. Brackets stand where the meaning needs them, and around `and`
beside `or`, so that nobody has to know which of the two binds tighter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import syntax
from dsl.formatting import values
from dsl.formatting.layout import ALWAYS, FILL, Doc, flat, joined
from dsl.formatting.words import Words


def operand(words: Words, value: syntax.Value) -> str:
    match value:
        case syntax.Aggregate():
            return _aggregate(words, value)
        case syntax.LastValue():
            return f"{words.before('LAST', value.path.span.start)} {value.path}"
        case syntax.DaysSince():
            return f"{words.before('DAYS_SINCE', value.event.span.start)} {value.event.text}"
    return values.literal(words, value)


def operand_list(words: Words, members: tuple[syntax.Value, ...]) -> Doc:
    return ["(", *joined([[operand(words, member)] for member in members], [",", FILL]), ")"]


def pairs(words: Words, found: tuple[syntax.Pair, ...]) -> Doc:
    """` with a = 1, b = 2`, or nothing."""
    if not found:
        return []
    written: list[Doc] = [[f"{pair.name.text} = {operand(words, pair.value)}"] for pair in found]
    return [f" {words('WITH')} ", *joined(written, [",", FILL])]


def events(words: Words, found: syntax.Events, level: int = 0) -> Doc:
    """`a or b where …`."""
    names: list[Doc] = [[name.text] for name in found.names]
    doc = joined(names, [level, f"{words('OR')} "])
    if found.where is None:
        return doc
    return [*doc, level, f"{words('WHERE')} ", *after(words, words("WHERE"), found.where, level + 1)]


def same(words: Words, name: syntax.Name | None) -> str:
    return f" {words.before('WITH_SAME', name.span.start)} {name.text}" if name else ""


def after(words: Words, word: str, found: syntax.Condition, level: int = 0) -> Doc:
    """A condition after a keyword that its own first word must not run into: `if repeated`, `если не`."""
    doc = condition(words, found, level)
    first = flat(doc).split(maxsplit=1)[0]
    if words.joins(first, word.split()[-1]) or words.joins(first, word):
        return ["(", *condition(words, found, level), ")"]
    return doc


def condition(words: Words, found: syntax.Condition, level: int = 0) -> Doc:
    """Breaks before its `and` and `or` at `level`, inside its brackets one level deeper."""
    return _PRINTERS[type(found)](words, found, level)


def _aggregate(words: Words, value: syntax.Aggregate) -> str:
    written = f"{words(value.function.upper())} {value.path}"
    if value.where:
        written += f" {words('WHERE')} ({flat(condition(words, value.where))})"
    return written + (f" {words.last(value.within)}" if value.within else "")


def _or(words: Words, found: syntax.Or, level: int) -> Doc:
    # Brackets count as nesting, and nesting has a limit: what is that deep goes without those that are only kind.
    bracketed = (syntax.Or, syntax.And) if level < _KIND_LEVELS else (syntax.Or,)
    docs = [_inside(words, each, level, bracketed) for each in found.operands]
    return joined(docs, [level, f"{words('OR')} "])


def _and(words: Words, found: syntax.And, level: int) -> Doc:
    docs = [_inside(words, each, level, (syntax.Or, syntax.And)) for each in found.operands]
    return joined(docs, [level, f"{words('AND')} "])


def _not(words: Words, found: syntax.Not, level: int) -> Doc:
    doc = _inside(words, found.operand, level, (syntax.Or, syntax.And))
    first = flat(doc).split(maxsplit=1)[0]
    if words.joins(first, words("NOT")):
        doc = ["(", *doc, ")"]
    return [f"{words('NOT')} ", *doc]


def _inside(words: Words, found: syntax.Condition, level: int, bracketed: tuple[type, ...]) -> Doc:
    if isinstance(found, bracketed):
        return ["(", *condition(words, found, level + 1), ")"]
    return condition(words, found, level)


_KIND_LEVELS = 6

_WORDED = {"is": "IS", "is not": "IS_NOT"}


def _comparison(words: Words, found: syntax.Comparison, level: int) -> Doc:
    word: str = found.comparison
    if word in _WORDED:
        word = words.before(_WORDED[word], found.right.span.start)
    return [f"{operand(words, found.left)} {word}", *spaced(words, word, operand(words, found.right))]


def spaced(words: Words, word: str, written: str) -> Doc:
    """What follows a keyword; on a line of its own when the two would be read as another keyword."""
    return [ALWAYS if words.joins(written.split(maxsplit=1)[0], word) else " ", written]


def _between(words: Words, found: syntax.Between, level: int) -> Doc:
    value, low, high = (operand(words, each) for each in (found.value, found.low, found.high))
    return [f"{value} {words('BETWEEN')} {low} {words('AND')} {high}"]


def _one_of(words: Words, found: syntax.OneOf, level: int) -> Doc:
    word = words("NOT_IN" if found.negated else "IN")
    start = f"{operand(words, found.value)} {word}"
    if isinstance(found.group, syntax.Name):
        return [start, *spaced(words, word, found.group.text)]
    return [f"{start} ", *operand_list(words, found.group)]


def _with_part(terminal: str) -> Printer:
    def written(words: Words, found: Any, level: int) -> Doc:
        return [f"{operand(words, found.value)} {words(terminal)} {operand(words, found.part)}"]

    return written


def _is_flag(words: Words, found: syntax.IsFlag, level: int) -> Doc:
    word = words.behind("IS", found.value.span.end)
    return [f"{operand(words, found.value)} {word} {words('YES' if found.yes else 'NO')}"]


def _is_known(words: Words, found: syntax.IsKnown, level: int) -> Doc:
    word = words.behind("IS_KNOWN" if found.known else "IS_UNKNOWN", found.value.span.end)
    return [f"{operand(words, found.value)} {word}"]


def _in_last(words: Words, found: syntax.InLast, level: int) -> Doc:
    return [f"{values.path(words, found.path)} {words.last(found.within)}"]


def _truth(words: Words, found: syntax.Truth, level: int) -> Doc:
    return [operand(words, found.value)]


Printer = Callable[[Words, Any, int], Doc]

_PRINTERS: dict[type, Printer] = {
    syntax.Or: _or,
    syntax.And: _and,
    syntax.Not: _not,
    syntax.Comparison: _comparison,
    syntax.Between: _between,
    syntax.OneOf: _one_of,
    syntax.Contains: _with_part("CONTAINS"),
    syntax.StartsWith: _with_part("STARTS_WITH"),
    syntax.IsFlag: _is_flag,
    syntax.IsKnown: _is_known,
    syntax.InLast: _in_last,
    syntax.Arrived: lambda words, found, level: [words("ARRIVED")],
    syntax.Issued: lambda words, found, level: [words("ISSUED")],
    syntax.Truth: _truth,
}
