"""The drills of docs/drills.md in the size of a night, one after the other, and one report of them on stdout.

`KOGDA_DRILLS=release` makes them as big as before a release. Arguments are numbers of drills: all, when there are none.
Each file of tests has a pytest of its own, so a report has what was done, however the night ended.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias
from xml.etree import ElementTree

import psutil

from engine.clock import monotonic, utc_now

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/drills.md"
_ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<what>.+?) \| (?P<where>.+?) \| (?P<passes>.+?) \|$", re.MULTILINE)
_PLACE = re.compile(r"`((?:tests/)?[\w/]*test_\w+\.py|tests/[\w/]+)`")
_AT_MOST_S = 7200  # for a drill that says nothing of its own
_LONGEST = 200  # characters of a reason
_OWN_SIZES = ("KOGDA_SEEDS", "KOGDA_FILL_EXAMPLES")  # a drill that one of them is set for is not the size of a night

Figures: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A line of the table."""

    number: int
    what: str
    places: tuple[str, ...]  # files and folders of tests; none: it is measured, or run by hand


class Case(NamedTuple):
    """Of a test, and what came of it when it did not pass."""

    name: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """Of the tests of one file, or of several."""

    passed: int = 0
    skipped: list[Case] = field(default_factory=list)
    failed: list[Case] = field(default_factory=list)
    took_s: float = 0.0
    figures: dict[str, Figures] = field(default_factory=dict)  # what a test, in all its cases, said of itself

    def add(self, other: Outcome) -> None:
        self.passed += other.passed
        self.skipped += other.skipped
        self.failed += other.failed
        self.took_s += other.took_s
        for test, figures in other.figures.items():
            self.figures[test] = _together(self.figures.get(test, {}), figures)

    @property
    def has_run(self) -> bool:
        return bool(self.passed or self.skipped or self.failed)

    def __str__(self) -> str:
        if self.failed:
            return f"**{len(self.failed)} failed**"
        parts = ["passed"] if self.passed else []
        parts += [f"{len(self.skipped)} skipped"] if self.skipped else []
        return ", ".join(parts) or "not run"


def _together(one: Figures, other: Figures) -> Figures:
    """Of two cases of a test: counts are added up."""
    both = one | other
    for name in one.keys() & other.keys() - {"seed"}:
        if one[name].isdigit() and other[name].isdigit():
            both[name] = str(int(one[name]) + int(other[name]))
    return both


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
    outcome, name = Outcome(took_s=float(case.get("time", 0))), case.get("name", "")
    said = {each.tag: _first_line(each.get("message", "")) for each in case}
    if "failure" in said or "error" in said:
        outcome.failed.append(Case(name, said.get("failure") or said.get("error", "")))
    elif "skipped" in said:
        outcome.skipped.append(Case(name, said["skipped"]))
    else:
        outcome.passed = 1
    figures = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
    if figures:
        outcome.figures[f"{case.get('classname')}.{name.partition('[')[0]}"] = figures
    return outcome


def _first_line(message: str) -> str:
    line = message.strip().partition("\n")[0]
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _figure(name: str, value: str) -> str:
    if name == "seed":
        return f"seed {value}"
    return f"{int(value):,} {name.replace('_', ' ')}" if value.isdigit() else f"{value} {name.replace('_', ' ')}"


def report_of(
    drills: Sequence[Drill], outcomes: dict[str, Outcome], *, size: str, commit: str, began: datetime, took_s: float
) -> str:
    whole = Outcome()
    for outcome in outcomes.values():
        whole.add(outcome)
    own = "".join(f" With {name}={os.environ[name]}." for name in _OWN_SIZES if os.environ.get(name))
    head = [
        f"# Drills, in the size of a {size.removesuffix('ly')}",
        "",
        f"Commit {commit}. {began:%Y-%m-%d %H:%M} UTC, {_length(took_s)}: "
        f"{whole.passed} passed, {len(whole.failed)} failed, {len(whole.skipped)} skipped. On {_machine()}.{own}",
        "A file that several drills have in common is told, and counted, in the line of each.",
        "",
        "| # | what | result | tests | seconds | figures |",
        "|---|---|---|---|---|---|",
    ]
    rows = [_row(drill, outcomes) for drill in drills]
    failed = [(place, case) for place, outcome in outcomes.items() for case in outcome.failed]
    skipped = [(place, case) for place, outcome in outcomes.items() for case in outcome.skipped]
    return "\n".join([*head, *rows, *_listed("Failed", failed), *_listed("Skipped", skipped)])


def _listed(title: str, cases: Collection[tuple[str, Case]]) -> list[str]:
    lines = [f"- {place}: `{name}`" + (f": {reason}" if reason else "") for place, (name, reason) in cases]
    return ["", f"{title}:", "", *lines] if lines else []


def _length(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def _row(drill: Drill, outcomes: dict[str, Outcome]) -> str:
    outcome = _of(drill.places, outcomes)
    missing = [place for place in drill.places if not _of([place], outcomes).has_run]
    result = str(outcome) if drill.places else "elsewhere"
    if missing and outcome.has_run:
        result += f", {len(missing)} of {len(drill.places)} files not run"
    cells = [drill.number, drill.what, result, outcome.passed + len(outcome.failed), f"{outcome.took_s:.0f}"]
    figures = [", ".join(_figure(*each) for each in figures.items()) for figures in outcome.figures.values()]
    return f"| {' | '.join(map(str, cells))} | {'; '.join(figures)} |"


def _of(places: Collection[str], outcomes: dict[str, Outcome]) -> Outcome:
    found = Outcome()
    for place, outcome in outcomes.items():
        if any(place == each or place.startswith(f"{each}/") for each in places):
            found.add(outcome)
    return found


def _commit() -> str:
    return (_git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" * bool(_git("status", "--porcelain")))


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def chosen(drills: Sequence[Drill], numbers: Collection[int]) -> list[Drill]:
    """All, when there are no numbers. Raises ValueError for one that is in no line, or has no tests here."""
    if unknown := sorted(set(numbers) - {each.number for each in drills}):
        raise ValueError(f"there is no drill {_list(unknown)}; docs/drills.md has their numbers")
    if elsewhere := sorted(set(numbers) - {each.number for each in drills if each.places}):
        raise ValueError(f"drill {_list(elsewhere)} has no test to run; docs/drills.md says where it is")
    return [each for each in drills if not numbers or each.number in numbers]


def places_of(drills: Iterable[Drill]) -> list[str]:
    """Each once: a folder has its files."""
    named = list(dict.fromkeys(place for drill in drills for place in drill.places))
    return [place for place in named if not any(place.startswith(f"{each}/") for each in named)]


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def run(places: Sequence[str], outcomes: dict[str, Outcome]) -> int:
    """What came of each place goes into `outcomes`, what is said meanwhile to stderr. The first exit code but 0."""
    first = 0
    for number, place in enumerate(places, 1):
        print(f"\n== {number} of {len(places)}: {place}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            pytest = [sys.executable, "-m", "pytest", "-vv", "-o", f"timeout={_AT_MOST_S}", f"--junitxml={report}"]
            try:
                code = _ended([*pytest, place])
            finally:
                found = read_outcomes(report)
                outcomes.update(found)
        if code and not any(each.failed for each in found.values()):
            outcomes.setdefault(place, Outcome()).failed.append(Case(f"pytest ended with {code}", ""))
        first = first or code
    return first


def _ended(command: Sequence[str]) -> int:
    """Its exit code. Ctrl-C is said to both of us: what it has started it takes away before it ends."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def main(arguments: Sequence[str]) -> int:
    """0: all of them passed, or were skipped with a reason."""
    parser = argparse.ArgumentParser(description="Drills in the size of a night; a report of them on stdout.")
    parser.add_argument("numbers", nargs="*", type=int, metavar="N", help="of a drill in docs/drills.md; none: all")
    try:
        drills = chosen(read_drills(TABLE.read_text()), parser.parse_args(arguments).numbers)
    except ValueError as error:
        parser.error(str(error))
    size = os.environ.setdefault("KOGDA_DRILLS", "nightly")
    outcomes: dict[str, Outcome] = {}
    commit, began, began_s = _commit(), utc_now(), monotonic()
    try:
        code = run(places_of(drills), outcomes)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    if (last := _commit()) != commit:
        commit += f" at first, {last} at the end"
    print(report_of(drills, outcomes, size=size, commit=commit, began=began, took_s=monotonic() - began_s))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
