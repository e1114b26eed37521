"""Outlines of rule files as compact JSON and back. Only for our own cache."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dsl.lints.outline import FileOutline, RuleOutline, Sent, Word
from dsl.lints.parts import Part, Written
from dsl.source import Span


def outline_as_json(file: FileOutline) -> list[Any]:
    return [
        file.path,
        file.lines,
        [_word(each) for each in file.definitions],
        file.kinds,
        file.segments,
        [_word(each) for each in file.uses],
        sorted(file.mentions),
        [_rule(each) for each in file.rules],
    ]


def outline_from_json(value: list[Any]) -> FileOutline:
    """Raises TypeError or ValueError for anything that `outline_as_json` has not made."""
    path, lines, definitions, kinds, segments, uses, mentions, rules = value
    return FileOutline(
        path=path,
        lines=lines,
        definitions=tuple(_read_word(each) for each in definitions),
        kinds=tuple(kinds),
        segments=tuple((name, tuple(depends)) for name, depends in segments),
        uses=tuple(_read_word(each) for each in uses),
        mentions=frozenset(mentions),
        rules=tuple(_read_rule(each, path) for each in rules),
    )


def _rule(rule: RuleOutline) -> list[Any]:
    return [
        rule.name,
        rule.span.start,
        rule.span.end,
        rule.events,
        rule.delay,
        [[each.channel, each.template, each.after, each.span.start, each.span.end] for each in rule.sends],
        [[each.path, each.comparison, each.unit, _written(each.value)] for each in rule.parts],
        [rule.named, rule.owner, rule.transactional, rule.once],
        rule.active,
        rule.changes,
        rule.starts_on,
        [_word(each) for each in rule.pools],
        [_word(each) for each in rule.tags],
        [_word(each) for each in rule.compared_tags],
    ]


def _read_rule(value: list[Any], path: str) -> RuleOutline:
    name, start, end, events, delay, sends, parts, flags, active, changes, starts_on, pools, tags, compared = value
    named, owner, transactional, once = flags
    return RuleOutline(
        name=name,
        path=path,
        span=Span(start, end),
        events=tuple(events),
        delay=delay,
        sends=tuple(Sent(channel, template, after, Span(a, b)) for channel, template, after, a, b in sends),
        parts=tuple(Part(at, comparison, unit, _read_written(unit, each)) for at, comparison, unit, each in parts),
        named=named,
        owner=owner,
        transactional=transactional,
        once=once,
        active=(active[0], active[1]) if active else None,
        changes=tuple(changes),
        starts_on=tuple(starts_on),
        pools=tuple(_read_word(each) for each in pools),
        tags=tuple(_read_word(each) for each in tags),
        compared_tags=tuple(_read_word(each) for each in compared),
    )


def _word(word: Word) -> list[Any]:
    return [word.text, word.span.start, word.span.end]


def _read_word(value: list[Any]) -> Word:
    text, start, end = value
    return Word(text, Span(start, end))


def _written(value: Written) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal) else value


def _read_written(unit: str, value: Any) -> Written:
    if isinstance(value, list):
        return frozenset(value)
    if isinstance(value, str) and unit not in ("text", "date"):
        return Decimal(value)  # a number, or an amount of a currency
    flag: Written = value
    return flag
