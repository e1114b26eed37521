"""Two hundred wrong files, as people write them: is the line right, is the fix right, is there one message each?

The figures are printed: `pytest tests/dsl/test_corpus.py -s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from dsl.diagnostics import Diagnostic, Severity
from dsl.fixes import with_fixes
from dsl.source import Source
from tests.dsl.shop import check_rules

CORPUS = Path(__file__).parent / "corpus"

#: Of all files: the mistake is reported on its line; a fix that gives what was meant is offered; nothing else is said.
RIGHT_LINE, RIGHT_FIX, NO_CASCADE = 0.98, 0.80, 0.98


@dataclass(frozen=True)
class Slip:
    place: str
    wrong: str
    meant: str
    line: int

    def found(self) -> list[Diagnostic]:
        return [each for each in check_rules(Source("rules/test.rules", self.wrong)) if each.severity is Severity.ERROR]


def slips() -> list[Slip]:
    return [
        slip(f"{path.name} {number}", block)
        for path in sorted(CORPUS.glob("*.txt"))
        for number, block in enumerate(path.read_text(encoding="utf-8").split("\n\n"))
        if not block.startswith("#")
    ]


def slip(place: str, block: str) -> Slip:
    lines = block.strip("\n").split("\n")
    wrong = [line[2:] for line in lines if not line.startswith("+")]
    first = next(number for number, line in enumerate(lines, 1) if line.startswith("!"))
    meant = [line[2:] for line in lines if not line.startswith("!") and not is_repeated(line, lines)]
    return Slip(place, "\n".join(wrong) + "\n", "\n".join(meant) + "\n", first)


def is_repeated(line: str, lines: list[str]) -> bool:
    """A line of the rest that stands among the `+` lines again, because the correction goes around it."""
    return line.startswith("  ") and f"+ {line[2:]}" in lines


def words(text: str) -> str:
    return " ".join(text.split())


def is_mended(slip: Slip, found: list[Diagnostic]) -> bool:
    texts = [with_fixes(slip.wrong, [fix]) for each in found for fix in each.fixes if fix.edits]
    return any(words(text) == words(slip.meant) for text in texts)


def is_on_its_line(slip: Slip, found: list[Diagnostic]) -> bool:
    return bool(found) and found[0].source.place(found[0].span.start).line == slip.line


def rate(title: str, missed: list[Slip], total: int) -> float:
    print(f"\n{title}: {total - len(missed)} of {total} ({1 - len(missed) / total:.1%})")
    for each in missed:
        print(f"  {each.place}: {words(each.wrong)[:110]}")
    return 1 - len(missed) / total


@pytest.fixture(scope="module")
def judged() -> list[tuple[Slip, list[Diagnostic]]]:
    return [(each, each.found()) for each in slips()]


def test_there_are_two_hundred_and_what_was_meant_is_right():
    every = slips()

    wrong = [
        each.place
        for each in every
        if any(found.severity is Severity.ERROR for found in check_rules(Source("rules/test.rules", each.meant)))
    ]

    assert len(every) >= 200
    assert wrong == []


def test_the_mistake_is_shown_on_its_line(judged: list[tuple[Slip, list[Diagnostic]]]):
    missed = [slip for slip, found in judged if not is_on_its_line(slip, found)]

    assert rate("right line", missed, len(judged)) >= RIGHT_LINE


def test_what_was_meant_is_among_the_fixes(judged: list[tuple[Slip, list[Diagnostic]]]):
    missed = [slip for slip, found in judged if not is_mended(slip, found)]

    assert rate("right fix", missed, len(judged)) >= RIGHT_FIX


def test_one_mistake_gives_one_message(judged: list[tuple[Slip, list[Diagnostic]]]):
    missed = [slip for slip, found in judged if len(found) != 1]

    assert rate("one message", missed, len(judged)) >= NO_CASCADE
