"""The report of a night: of the drills in the table, whatever came of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts import nightly
from scripts.nightly import (
    ROOT,
    TABLE,
    Case,
    Drill,
    Outcome,
    main,
    places_of,
    read_drills,
    read_outcomes,
    report_of,
    run,
)

BEGAN = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)

#: What judges a drill, tested by itself.
NO_DRILLS = {"tests/drills/test_recovery.py", "tests/drills/test_verdict.py"}

XML = """<testsuites><testsuite>
<testcase file="tests/drills/test_kills.py" name="test_a" time="10.4"><properties>
  <property name="kills" value="200"/><property name="events" value="20000"/><property name="lost" value="0"/>
  <property name="seed" value="20261122"/>
</properties></testcase>
<testcase file="tests/drills/test_kills.py" name="test_b" time="1"><failure message="lost 1&#10;and more"/></testcase>
<testcase file="tests/semantics/test_waits.py" name="test_c" time="2"/>
<testcase file="tests/drills/test_full_disk.py" name="test_d" time="0"><skipped message="no disk"/></testcase>
</testsuite></testsuites>"""


def drill(number: int, *places: str) -> Drill:
    return Drill(number=number, what=f"drill {number}", places=places)


def test_what_the_table_names_is_there() -> None:
    places = {place for each in read_drills(TABLE.read_text()) for place in each.places}

    assert len(places) > 30
    assert {place for place in places if not (ROOT / place).exists()} == set()


def test_each_drill_is_in_the_table() -> None:
    places = {place for each in read_drills(TABLE.read_text()) for place in each.places}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/drills").glob("test_*.py")}

    assert files - places == NO_DRILLS


def test_a_name_without_a_folder_is_beside_the_one_before_it() -> None:
    (found,) = read_drills("| 9 | a crash | `test_a.py`, `tests/x/test_b.py`, `test_c.py`, `kogda drill` | 0/0 |\n")

    assert found.places == ("tests/drills/test_a.py", "tests/x/test_b.py", "tests/x/test_c.py")


def test_the_report_says_of_each_drill_what_came_of_it(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(XML)
    drills = [
        drill(1, "tests/drills/test_kills.py"),
        drill(12, "tests/drills/test_full_disk.py"),
        drill(16, "tests/semantics"),
        drill(20, "tests/semantics/test_wait"),
        drill(33),
    ]

    report = report_of(
        drills, read_outcomes(tmp_path / "report.xml"), size="nightly", commit="e2cc0b8", began=BEGAN, took_s=600
    )

    assert "in the size of a night\n" in report
    assert "Commit e2cc0b8. 2026-11-22 01:30 UTC, 10 minutes: 2 passed, 1 failed, 1 skipped. On " in report
    assert [line for line in report.splitlines() if line.startswith("| ") and "drill" in line] == [
        "| 1 | drill 1 | **1 failed** | 2 | 11 | 200 kills, 20,000 events, 0 lost, seed 20261122 |",
        "| 12 | drill 12 | 1 skipped | 0 | 0 |  |",
        "| 16 | drill 16 | passed | 1 | 2 |  |",
        "| 20 | drill 20 | not run | 0 | 0 |  |",
        "| 33 | drill 33 | elsewhere | 0 | 0 |  |",
    ]
    failed, skipped = (
        "- tests/drills/test_kills.py: `test_b`: lost 1",
        "- tests/drills/test_full_disk.py: `test_d`: no disk",
    )
    assert report.endswith(f"\n\nFailed:\n\n{failed}\n\nSkipped:\n\n{skipped}")


def test_counts_of_the_cases_of_a_test_are_added_up(tmp_path: Path) -> None:
    case = '<testcase file="a.py" classname="a" name="test_a[{n}]"><properties>{said}</properties></testcase>'
    said = '<property name="kills" value="1500"/><property name="MiB" value="0.5"/><property name="seed" value="7"/>'
    cases = [case.format(n=n, said=said) for n in range(2)]
    (tmp_path / "report.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")

    report = report_of(
        [drill(1, "a.py")], read_outcomes(tmp_path / "report.xml"), size="nightly", commit="1", began=BEGAN, took_s=600
    )

    assert "| 1 | drill 1 | passed | 2 | 0 | 3,000 kills, 0.5 MiB, seed 7 |" in report


def test_a_night_that_was_made_smaller_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOGDA_SEEDS", "2000")

    report = report_of([], {}, size="nightly", commit="1", began=BEGAN, took_s=600)

    assert " With KOGDA_SEEDS=2000.\n" in report


def test_commits_that_are_made_meanwhile_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commits = iter(["1111111", "2222222 with changes"])
    monkeypatch.setattr(nightly, "_commit", lambda: next(commits))
    monkeypatch.setattr(nightly, "run", lambda places, outcomes: 0)

    main(["29"])

    assert "\nCommit 1111111 at first, 2222222 with changes at the end. 20" in capsys.readouterr().out


def test_a_file_that_was_not_reached_is_told_beside_what_passed() -> None:
    drills = [drill(1, "tests/a.py", "tests/b.py", "tests/c"), drill(20, "tests/b.py")]

    report = report_of(drills, {"tests/a.py": Outcome(passed=4)}, size="release", commit="1", began=BEGAN, took_s=600)

    assert "| 1 | drill 1 | passed, 2 of 3 files not run | 4 |" in report
    assert "| 20 | drill 20 | not run |" in report


def test_a_file_beside_its_folder_is_run_once() -> None:
    drills = [drill(16, "tests/semantics", "tests/a.py"), drill(20, "tests/semantics/test_loops.py", "tests/a.py")]

    assert places_of(drills) == ["tests/semantics", "tests/a.py"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of the project."""
    monkeypatch.setattr(nightly, "ROOT", tmp_path)
    return tmp_path


def test_each_file_is_run_whatever_came_of_the_one_before(folder: Path) -> None:
    (folder / "test_a.py").write_text("def test_a():\n    assert False\n")
    (folder / "test_b.py").write_text("def test_b():\n    pass\n")
    (folder / "test_c.py").write_text("import nowhere\n")
    (folder / "test_d.py").write_text("import os\nos._exit(7)\n")
    outcomes: dict[str, Outcome] = {}

    code = run(["test_a.py", "test_b.py", "test_c.py", "test_d.py"], outcomes)

    assert code == 1
    assert outcomes["test_a.py"].failed == [Case("test_a", "assert False")]
    assert str(outcomes["test_b.py"]) == "passed"
    assert [case for place in outcomes for case in outcomes[place].failed if "test_c" in f"{place} {case.name}"] != []
    assert outcomes["test_d.py"].failed == [Case("pytest ended with 7", "")]


def test_ctrl_c_leaves_a_report_of_what_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(places: Sequence[str], outcomes: dict[str, Outcome]) -> int:
        outcomes[places[0]] = Outcome(passed=2)
        raise KeyboardInterrupt

    monkeypatch.setattr(nightly, "run", interrupted)

    code = main(["29", "30"])

    assert code == 128 + signal.SIGINT
    said = capsys.readouterr().out
    assert "| 29 | who may call what | passed | 2 |" in said
    assert "| 30 | secrets and addresses in logs | not run |" in said


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        pytest.param("999", "there is no drill 999; docs/drills.md has their numbers", id="of no drill"),
        pytest.param(
            "17", "drill 17 has no test to run; docs/drills.md says where it is", id="of one that is measured"
        ),
        pytest.param("two", "argument N: invalid int value: 'two'", id="no number"),
    ],
)
def test_a_number_that_cannot_be_run_is_refused_before_anything_is(number: str, answer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.nightly", "29", number], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert answer in done.stderr
    assert done.stdout == ""
