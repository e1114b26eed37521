"""The drills of docs/drills.md in the size of a night, one after the other, and one report of them on stdout.

`KOGDA_DRILLS=release` makes them as big as before a release. Arguments are numbers of drills: all, when there are none.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from engine.clock import monotonic

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/drills.md"
_ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<what>.+?) \| (?P<where>.+?) \| (?P<passes>.+?) \|$", re.MULTILINE)
_PLACE = re.compile(r"`((?:tests/)?[\w/]*test_\w+\.py|tests/[\w/]+)`")
_AT_MOST_S = 7200  # for a drill that says nothing of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A line of the table."""

    number: int
    what: str
    places: tuple[str, ...]  # files and folders of tests; none: it is measured, or run by hand


@dataclass(slots=True)
class Outcome:
    """Of the tests of one file, or of several."""

    passed: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)  # names of tests
    took_s: float = 0.0
    figures: list[str] = field(default_factory=list)  # what tests said of themselves

    def add(self, other: Outcome) -> None:
        self.passed += other.passed
        self.skipped += other.skipped
        self.failed += other.failed
        self.took_s += other.took_s
        self.figures += other.figures

    def __str__(self) -> str:
        if self.failed:
            return f"**{len(self.failed)} failed**"
        parts = ["passed"] if self.passed else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        return ", ".join(parts) or "not run"


def read_drills(text: str) -> list[Drill]:
    return [
        Drill(number=int(row["number"]), what=row["what"], places=tuple(_places(row["where"])))
        for row in _ROW.finditer(text)
    ]


def _places(cell: str) -> Iterable[str]:
    """A file without its folder is beside the one that was named before it."""
    folder = "tests/drills"
    for name in _PLACE.findall(cell):
        if "/" in name:
            folder = name.rpartition("/")[0]
            yield name.rstrip("/")
        else:
            yield f"{folder}/{name}"


def read_outcomes(report: Path) -> dict[str, Outcome]:
    """By file. Empty when pytest was ended before it could write any."""
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            place = case.get("file") or case.get("classname", "").replace(".", "/") + ".py"
            outcomes[place].add(_outcome(case))
    return outcomes


def _outcome(case: ElementTree.Element) -> Outcome:
    outcome = Outcome(took_s=float(case.get("time", 0)))
    if case.find("failure") is not None or case.find("error") is not None:
        outcome.failed.append(case.get("name", ""))
    elif case.find("skipped") is not None:
        outcome.skipped = 1
    else:
        outcome.passed = 1
    said = [
        f"{_spaced(each.get('value', ''))} {each.get('name', '').replace('_', ' ')}" for each in case.iter("property")
    ]
    if said:
        outcome.figures.append(", ".join(said))
    return outcome


def _spaced(value: str) -> str:
    return f"{int(value):,}" if value.isdigit() else value


def report_of(drills: Sequence[Drill], outcomes: dict[str, Outcome], *, size: str, took_s: float) -> str:
    whole = Outcome()
    for outcome in outcomes.values():
        whole.add(outcome)
    head = [
        f"# Drills, in the size of a {size.removesuffix('ly')}",
        "",
        f"Commit {_commit()}, Python {platform.python_version()}, {os.cpu_count()} cores, {took_s / 60:.0f} minutes: "
        f"{whole.passed} passed, {len(whole.failed)} failed, {whole.skipped} skipped.",
        "",
        "| # | what | result | tests | seconds | figures |",
        "|---|---|---|---|---|---|",
    ]
    rows = [_row(drill, _of(drill.places, outcomes)) for drill in drills]
    failed = [f"- {place}: `{name}`" for place, outcome in outcomes.items() for name in outcome.failed]
    return "\n".join([*head, *rows, *(["", "Failed:", "", *failed] if failed else [])])


def _row(drill: Drill, outcome: Outcome) -> str:
    result = str(outcome) if drill.places else "elsewhere"
    cells = [drill.number, drill.what, result, outcome.passed + len(outcome.failed), f"{outcome.took_s:.0f}"]
    return f"| {' | '.join(map(str, cells))} | {'; '.join(outcome.figures)} |"


def _of(places: Collection[str], outcomes: dict[str, Outcome]) -> Outcome:
    found = Outcome()
    for place, outcome in outcomes.items():
        if any(place == each or place.startswith(f"{each}/") for each in places):
            found.add(outcome)
    return found


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def main(numbers: Collection[int]) -> int:
    """pytest's exit code; what it says meanwhile goes to stderr."""
    drills = [each for each in read_drills(TABLE.read_text()) if not numbers or each.number in numbers]
    places = list(dict.fromkeys(place for drill in drills for place in drill.places))
    if not places:
        print("there is no such drill; docs/drills.md has their numbers", file=sys.stderr)
        return 2
    size = os.environ.setdefault("KOGDA_DRILLS", "nightly")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        pytest = [sys.executable, "-m", "pytest", "-v", "-o", f"timeout={_AT_MOST_S}", f"--junitxml={report}", *places]
        began = monotonic()
        code = subprocess.run(pytest, cwd=ROOT, stdout=sys.stderr).returncode
        print(report_of(drills, read_outcomes(report), size=size, took_s=monotonic() - began))
    return code


if __name__ == "__main__":
    sys.exit(main([int(number) for number in sys.argv[1:]]))
