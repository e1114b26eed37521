"""What `kogda test` says: for people, and as JUnit XML for pipelines."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from api.language import spoken, told
from dsl.messages import say
from dsl.render import render_text
from engine.testing.cases.outcome import CaseResult, Row, Status

SLOW_S = 1.0
_MARKS = {True: "+", False: "!", None: " "}
_COLOURS = {"FAIL": "1;31", "SLOW": "33", "todo": "33", "!": "31", "+": "32"}
#: A file from anywhere must not steer the terminal that shows it.
_VISIBLE = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | dict.fromkeys(
    range(0x7F, 0xA0), 0xFFFD
)


def render_results(results: Sequence[CaseResult], seconds: float) -> None:
    """Failures in full, tests to write, slow ones, and a line with the counts; colours on a terminal only."""
    has_colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in [*_lines(results), summary(results, seconds)]:
        print(_coloured(line) if has_colours else line)


def _lines(results: Sequence[CaseResult]) -> Iterator[str]:
    for result in results:
        place = f"{result.source.path}:{result.line}"
        if result.status == "failed":
            yield from f"FAIL {place} {_quoted(result)}\n{_details(result)}".split("\n")
        elif result.status == "todo":
            yield f"todo {place} {_quoted(result)}"
        if result.seconds > SLOW_S:
            yield f"SLOW {place} {_quoted(result)} {told(say('took {seconds} s', seconds=f'{result.seconds:.1f}'))}"


def _quoted(result: CaseResult) -> str:
    return f'"{result.title}"'.translate(_VISIBLE) + (f" ({result.example})".translate(_VISIBLE) * bool(result.example))


def _details(result: CaseResult) -> str:
    """Mistakes of the test, or what is not as expected and the timeline."""
    if result.diagnostics:
        return render_text(result.diagnostics, spoken())
    lines: list[str] = []
    for failure in result.failures:
        line = told(say(" (line {line})", line=failure.line)) if failure.line else ""
        lines.append(f"  {told(failure.message)}{line}")
        lines += [f"    {part}" for part in told(failure.why).split("; ") if part]
    return "\n".join([*lines, "", *_table(result.rows), ""]).translate(_VISIBLE)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    several = len({row.who for row in rows}) > 1
    heads = (say("when"), say("who"), say("expected"), say("what happened"))
    cells = [(*map(told, heads), " ")]
    cells += [
        (f"{row.at:%Y-%m-%d %H:%M}", row.who, told(row.expected), told(row.actual), _MARKS[row.is_right])
        for row in rows
    ]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    for when, who, expected, actual, mark in cells:
        whose = f" | {who:{widths[1]}}" if several else ""
        yield f"  {mark} {when:{widths[0]}}{whose} | {expected:{widths[2]}} | {actual}".rstrip()


def summary(results: Sequence[CaseResult], seconds: float) -> str:
    counts = Counter(result.status for result in results)
    files = len({result.source.path for result in results})
    words: dict[Status, str] = {"passed": say("passed"), "failed": say("failed"), "todo": say("todo")}
    parts = [f"{counts[each]:,} {told(word)}" for each, word in words.items() if counts[each]]
    return told(
        say(
            "{tests} {tests:test|tests} in {files} {files:file|files}: {counts} ({seconds} s)",
            tests=f"{len(results):,}",
            files=f"{files:,}",
            counts=", ".join(parts),
            seconds=f"{seconds:.2f}",
        )
    )


def _coloured(line: str) -> str:
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    return f"\033[{_COLOURS[word]}m{line}\033[0m" if word in _COLOURS else line


def as_junit(results: Sequence[CaseResult], seconds: float) -> str:
    suites = ElementTree.Element("testsuites", _counts(results), name="kogda", time=f"{seconds:.3f}")
    for path in dict.fromkeys(result.source.path for result in results):
        theirs = [result for result in results if result.source.path == path]
        spent = sum(result.seconds for result in theirs)
        suite = ElementTree.SubElement(suites, "testsuite", _counts(theirs), name=path, time=f"{spent:.3f}")
        for result in theirs:
            _add_case(suite, result)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    counts = Counter(result.status for result in results)
    return {"tests": str(len(results)), "failures": str(counts["failed"]), "skipped": str(counts["todo"])}


def _add_case(suite: ElementTree.Element, result: CaseResult) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=result.name.translate(_VISIBLE),
        classname=result.source.path,
        file=result.source.path,
        line=str(result.line),
        time=f"{result.seconds:.3f}",
    )
    if result.status == "todo":
        ElementTree.SubElement(case, "skipped", message=told(say("still to be written")))
    elif result.status == "failed":
        messages = [each.message for each in result.diagnostics] + [each.message for each in result.failures]
        failure = ElementTree.SubElement(case, "failure", message=told(messages[0]).translate(_VISIBLE))
        failure.text = _details(result)
