"""The report of a night: of the drills in the table, whatever came of them."""

from __future__ import annotations

from pathlib import Path

from scripts.nightly import ROOT, TABLE, Drill, main, read_drills, read_outcomes, report_of

#: What judges a drill, tested by itself.
NO_DRILLS = {"tests/drills/test_recovery.py", "tests/drills/test_verdict.py"}

XML = """<testsuites><testsuite>
<testcase file="tests/drills/test_kills.py" name="test_a" time="10.4"><properties>
  <property name="kills" value="200"/><property name="events" value="20000"/><property name="lost" value="0"/>
</properties></testcase>
<testcase file="tests/drills/test_kills.py" name="test_b" time="1"><failure message="lost"/></testcase>
<testcase file="tests/semantics/test_waits.py" name="test_c" time="2"/>
<testcase file="tests/drills/test_full_disk.py" name="test_d" time="0"><skipped/></testcase>
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

    report = report_of(drills, read_outcomes(tmp_path / "report.xml"), size="nightly", took_s=600)

    assert "in the size of a night\n" in report
    assert "10 minutes: 2 passed, 1 failed, 1 skipped." in report
    assert [line for line in report.splitlines() if line.startswith("| ") and "drill" in line] == [
        "| 1 | drill 1 | **1 failed** | 2 | 11 | 200 kills, 20,000 events, 0 lost |",
        "| 12 | drill 12 | 1 skipped | 0 | 0 |  |",
        "| 16 | drill 16 | passed | 1 | 2 |  |",
        "| 20 | drill 20 | not run | 0 | 0 |  |",
        "| 33 | drill 33 | elsewhere | 0 | 0 |  |",
    ]
    assert report.endswith("- tests/drills/test_kills.py: `test_b`")


def test_a_night_that_was_ended_before_its_end_has_run_nothing(tmp_path: Path) -> None:
    report = report_of([drill(20, "tests/semantics")], read_outcomes(tmp_path / "none.xml"), size="release", took_s=0)

    assert "| 20 | drill 20 | not run |" in report


def test_a_number_of_no_drill_is_refused() -> None:
    assert main([999]) == 2
