"""Annotations of GitHub Actions. A step shows ten errors, ten warnings and ten notices, and drops the rest without a
word: what this change touches comes first, and what is cut is counted."""

from __future__ import annotations

from collections import Counter

from api.check_formats.report import Report
from dsl.diagnostics import Diagnostic
from dsl.messages import in_language, say

MOST = 10  # of each level in a step: actions/toolkit, docs/problem-matchers.md
COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
MOST_SUMMARY_BYTES = 1_000_000  # a step's summary may have 1 MiB


def render_github(report: Report) -> str:
    shown: Counter[str] = Counter()
    lines = []
    for each in sorted(report.found, key=lambda each: not _is_of_this_change(each, report)):
        level = report.level(each)
        shown[level] += 1
        if shown[level] <= MOST:
            lines.append(_annotation(each, level, report))
    cut = sum(max(0, count - MOST) for count in shown.values())
    if cut:
        text = say(
            "{cut} more are not shown: GitHub shows {most} of each kind in a step. See the summary", cut=cut, most=MOST
        )
        lines.append(in_language(text, report.language))
    return "".join(f"{line}\n" for line in lines)


def render_summary(report: Report) -> str:
    """Everything found, as Markdown for the summary of the step; what does not fit is counted."""
    lines = [f"### Kogda: {len(report.found)}", "", "| | | |", "|---|---|---|"]
    size = 0
    for number, each in enumerate(report.found):
        place = each.source.place(each.span.start)
        message = report.message(each).replace("|", "\\|").replace("\n", " ")
        line = f"| `{each.code}` | {report.path(each)}:{place.line} | {message} |"
        size += len(line.encode()) + 1
        if size > MOST_SUMMARY_BYTES:
            lines.append(f"| | | … {len(report.found) - number} |")
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _is_of_this_change(diagnostic: Diagnostic, report: Report) -> bool:
    line = diagnostic.source.place(diagnostic.span.start).line
    return line in report.changed.get(report.path(diagnostic), frozenset())


def _annotation(diagnostic: Diagnostic, level: str, report: Report) -> str:
    source = diagnostic.source
    start, end = source.place(diagnostic.span.start), source.place(diagnostic.span.end)
    properties = {"file": report.path(diagnostic), "line": str(start.line)}
    if end.line == start.line:  # columns of a place that ends on another line are refused
        properties |= {"endLine": str(end.line), "col": str(start.column), "endColumn": str(end.column)}
    properties["title"] = diagnostic.code
    written = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    text = "\n".join([report.message(diagnostic), *report.details(diagnostic)])
    return f"::{COMMANDS[level]} {written}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for char in f"%\r\n{also}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text
