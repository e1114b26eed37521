"""Expectations rewritten to what happens: for who has changed a rule and has looked at what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import unified_diff

from dsl import syntax
from dsl.source import Source, Span
from engine.testing.cases.judging import Judgement, concerns, is_meant
from engine.testing.cases.running import judged
from engine.testing.reading.ground import Workspace
from engine.testing.virtual.timeline import SentMessage

_INDENT = "  "


def updated(file: syntax.TestFile, workspace: Workspace, *, run: str = "") -> tuple[str, int]:
    """The text of the file with expectations that hold, and how many tests became different. Expectations that held
    stay as they were written; so do tests with examples, where one line speaks for many."""
    text, count = file.source.text, 0
    for case in reversed(file.cases):  # from the end, so that places before stay where they are
        judgement = judged(case, file, workspace) if run.casefold() in case.title.text.casefold() else None
        if judgement is not None and judgement.failures:
            text = _rewritten(text, case, file.source, judgement)
            count += 1
    return text, count


def expectations(judgement: Judgement) -> list[str]:
    """A line for each message, call and note that nobody expected, in the order of time."""
    taken = set(map(id, (judgement.sent[place] for place in judgement.matched)))
    lines = [_line(message, judgement) for message in judgement.sent if id(message) not in taken]
    return lines if judgement.sent else ["expect nothing"]


def _rewritten(text: str, case: syntax.TestCase, source: Source, judgement: Judgement) -> str:
    gone = [_whole_line(text, node.span) for node in _wrong(case, source, judgement)]
    lines = expectations(judgement)
    if not judgement.sent and any(isinstance(line, syntax.ExpectNothing) for line in case.lines):
        lines = []
    end = max((line.span.end for line in case.lines), default=case.title.span.end)
    added = "".join(f"\n{_INDENT}{line}" for line in lines)
    text = text[:end] + added + text[end:]
    for start, stop in sorted(gone, reverse=True):
        text = text[:start] + text[stop:]
    return text


def _wrong(case: syntax.TestCase, source: Source, judgement: Judgement) -> Iterator[syntax.Node]:
    """Lines of the test that did not come true."""
    failed = {failure.line for failure in judgement.failures if failure.line}
    for line in case.lines:
        if isinstance(line, syntax.ExpectNothing):
            if judgement.sent:
                yield line
        elif isinstance(line, syntax.ExpectNoMessage | syntax.ExpectNotTold):
            if any(_speaks_of(line, message, judgement) for message in judgement.sent):
                yield line
        elif source.place(line.span.start).line in failed and not isinstance(line, syntax.AtEvent | syntax.AtChange):
            yield line


def _speaks_of(
    claim: syntax.ExpectNoMessage | syntax.ExpectNotTold, message: SentMessage, judgement: Judgement
) -> bool:
    """Also of a message that failed as an unexpected one: it is expected from now on."""
    who = next((who for each, who in judgement.play.script.claims if each.span == claim.span), None)
    return is_meant(claim, message) and concerns(message.customer, who)


def _whole_line(text: str, span: Span) -> tuple[int, int]:
    """With its indent and its end, when nothing else stands on it."""
    start = text.rfind("\n", 0, span.start) + 1
    stop = text.find("\n", span.end)
    stop = len(text) if stop < 0 else stop + 1
    alone = not text[start : span.start].strip() and not text[span.end : stop].strip()
    return (start, stop) if alone else (span.start, span.end)


def _line(message: SentMessage, judgement: Judgement) -> str:
    at = _minute(message.at, judgement, message.customer)
    several = len(judgement.play.script.people) > 1
    whom = f" for {judgement.play.name_of(message.customer)}" if several else ""
    return f'expect {message.spoken_channel} "{message.template}"{_carried(message)} at {at}{whom}'


def _carried(message: SentMessage) -> str:
    """A note to the staff says something; what else a call carries may change without harm."""
    said = message.context.get("text")
    return f' "{said}"' if message.is_outward and isinstance(said, str) and '"' not in said and "\n" not in said else ""


def _minute(moment: datetime, judgement: Judgement, customer: str) -> str:
    return f"{moment.astimezone(judgement.zone_of(customer)):%Y-%m-%d %H:%M}"


def changed_files(
    files: Sequence[syntax.TestFile], workspace: Workspace, *, run: str = ""
) -> Iterator[tuple[Source, str, int]]:
    """Files whose text becomes another one, with that text and the number of tests in it that do."""
    for file in files:
        text, count = updated(file, workspace, run=run)
        if text != file.source.text:
            yield file.source, text, count


def difference(path: str, before: str, after: str) -> Iterator[str]:
    """As `diff -u` writes it."""
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    return unified_diff(old, new, fromfile=f"a/{path}", tofile=f"b/{path}")
