"""Expectations rewritten to what happens: for who has changed a rule and has looked at what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from dsl import syntax
from dsl.source import Source, Span
from engine.testing.cases import judged
from engine.testing.ground import Workspace
from engine.testing.judging import Judgement
from engine.testing.timeline import SentMessage

_INDENT = "  "


def updated(file: syntax.TestFile, workspace: Workspace) -> str:
    """The text of the file with expectations that hold. Those that held stay as they were written."""
    text = file.source.text
    for case in reversed(file.cases):  # from the end, so that places before stay where they are
        judgement = judged(case, file, workspace)
        if judgement is not None and judgement.failures:
            text = _rewritten(text, case, file.source, judgement)
    return text


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
        elif source.place(line.span.start).line in failed and not isinstance(line, syntax.AtEvent | syntax.AtChange):
            yield line


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
    return f'expect {message.spoken_channel} "{message.template}" at {at}{whom}'


def _minute(moment: datetime, judgement: Judgement, customer: str) -> str:
    return f"{moment.astimezone(judgement.zone_of(customer)):%Y-%m-%d %H:%M}"


def changed_files(files: Sequence[syntax.TestFile], workspace: Workspace) -> Iterator[tuple[Source, str]]:
    """Files whose text becomes another one."""
    for file in files:
        text = updated(file, workspace)
        if text != file.source.text:
            yield file.source, text
