"""Cuts a file into its items, so that a mistake in one leaves the others alone.

An item begins where one of its words begins a line, whatever the indentation: layout has no meaning, and no step
or guard begins with such a word. Names may be spelt like them, so the neighbours of the word are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from dsl.keywords import ENGLISH, RUSSIAN
from dsl.source import Span

_BLANK = r"[ \t\u00a0]"


def _words(*terminals: str) -> str:
    forms = [form for terminal in terminals for form in (*ENGLISH[terminal], *RUSSIAN[terminal])]
    longest_first = sorted(forms, key=len, reverse=True)
    return "(?:" + "|".join(form.replace(" ", f"{_BLANK}+") for form in longest_first) + r")\b"


_LINE_START = r"^[\s\u200b\ufeff]*?"
_DATE_FOLLOWS = rf"(?={_BLANK}*\d+[-./])"  # `on 2026-12-31` is an item, `on 25 december` goes on with `every year`
_TRIGGER = rf"(?:{_words('WHEN')}|{_words('EVERY')}|{_words('ON_DATE')}{_DATE_FOLLOWS})"
_NAME_IN_USE = rf"(?!{_BLANK}*[=.,:)<>])"

_ITEM = re.compile(
    rf"{_LINE_START}(?:(?P<trigger>{_TRIGGER})|(?P<rule>{_words('RULE')})"
    rf"|(?P<other>{_words('SEGMENT', 'DEFINE', 'LET', 'USE')})){_NAME_IN_USE}",
    re.MULTILINE | re.IGNORECASE,
)
_TEST = re.compile(
    rf"{_LINE_START}(?P<test>(?:{_words('TODO')}\s+)?{_words('TEST')}){_NAME_IN_USE}", re.MULTILINE | re.IGNORECASE
)
_QUOTED = r'"[^"\n]*"|«[^»\n]*»|“[^”\n]*”|„[^“\n]*“|#[^\n]*'
_TRIGGER_INSIDE = re.compile(rf"{_QUOTED}|\b(?P<trigger>{_TRIGGER})", re.IGNORECASE)
_STEP_LINE = re.compile(
    _LINE_START + _words("SEND", "WAIT", "WAIT_FOR", "IF", "SPLIT", "SET", "ADD", "ISSUE", "EMIT", "CALL", "NOTIFY"),
    re.MULTILINE | re.IGNORECASE,
)
_CODE_OF_LINE = re.compile(r'(?:"[^"\n]*"|«[^»\n]*»|“[^”\n]*”|„[^“\n]*“|[^#\n])*')
_UNFINISHED = tuple(",=.(<>")


def rule_chunks(text: str) -> list[Span]:
    """Spans that cover the whole text, one for each item of a rule file."""
    starts: list[int] = []
    header: re.Match[str] | None = None  # a `rule "name"` whose trigger has not come yet
    for match in _ITEM.finditer(text):
        if _goes_on(text, match.start()):
            continue
        if match["trigger"] and header and _waits_for_trigger(text, header.end(), match.start("trigger")):
            header = None
            continue
        header = match if match["rule"] else None
        starts.append(match.start())
    return list(_between(starts, len(text)))


def test_chunks(text: str) -> list[Span]:
    """Spans that cover the whole text, one for each case of a test file."""
    return list(_between([match.start() for match in _TEST.finditer(text)], len(text)))


def _goes_on(text: str, start: int) -> bool:
    """The line above ends in a sign after which more must come."""
    line_start = text.rfind("\n", 0, max(0, start - 1)) + 1
    above = _CODE_OF_LINE.match(text, line_start, start)
    return above is not None and above[0].rstrip().endswith(_UNFINISHED)


def _waits_for_trigger(text: str, header_end: int, trigger: int) -> bool:
    between = _TRIGGER_INSIDE.finditer(text, header_end, trigger)
    return not any(match["trigger"] for match in between) and not _STEP_LINE.search(text, header_end, trigger)


def _between(starts: list[int], end: int) -> Iterator[Span]:
    cuts = sorted({0, *starts, end})
    return (Span(a, b) for a, b in pairwise(cuts))
