"""`kogda test` as a person and a pipeline run it; and the tests of the workspaces that people read first."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.running import kogda

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "api" / "cli" / "starter"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(STARTER, tmp_path / "shop")
    return tmp_path / "shop"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return kogda("test", *arguments, cwd=cwd)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("folder", [".", "api/cli/starter", "examples/polka"])
def test_the_tests_of_a_workspace_pass(folder: str):
    done = run("--workspace", folder, cwd=ROOT)

    assert done.stdout.endswith(" s)\n")
    assert "failed" not in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_a_summary_counts_the_tests(shop: Path):
    done = run(cwd=shop)

    assert done.stdout.startswith("2 tests in 1 file: 2 passed (")


def test_a_failure_shows_the_timeline_and_exits_with_one(shop: Path):
    change(shop / "rules" / "first.rules", "after 1h", "after 61 min")

    done = run(cwd=shop)

    assert done.returncode == 1
    [title, missing, why] = done.stdout.splitlines()[:3]
    assert title == 'FAIL rules/first.test.rules:3 "a cart left for an hour"'
    assert missing == '  missing email "cart" at 2026-03-02 11:00 (line 6)'
    assert why == '    email "cart" was sent at 2026-03-02 11:01'
    assert (
        'unexpected email "cart" at 2026-03-02 11:01, from rule "Abandoned cart" (rules/first.rules:8)' in done.stdout
    )
    assert '! 2026-03-02 11:00 | email "cart" |' in done.stdout
    assert "2 tests in 1 file: 1 passed, 1 failed (" in done.stdout
    assert "\033" not in done.stdout


def test_no_tests_found_is_an_error(shop: Path):
    (shop / "rules" / "first.test.rules").unlink()

    done = run(cwd=shop)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kogda: no tests found in rules/: write them in files *.test.rules\n"


def test_only_tests_with_words_in_their_title_are_run(shop: Path):
    done = run("--run", "BOUGHT", cwd=shop)
    none = run("--run", "nobody", cwd=shop)

    assert done.stdout.startswith("1 test in 1 file: 1 passed (")
    assert none.returncode == 2


def test_only_the_files_that_are_named_are_run(shop: Path):
    (shop / "rules" / "second.test.rules").write_text('test "x"\n  rules "first.rules"\n  expect nothing\n')

    one = run("rules/second.test.rules", cwd=shop)
    other = run("nowhere.test.rules", cwd=shop)

    assert one.stdout.startswith("1 test in 1 file: 1 passed (")
    assert (other.returncode, other.stderr) == (2, "kogda: nowhere.test.rules does not exist\n")


def test_a_mistake_in_the_rules_stops_everything_with_its_place(shop: Path):
    change(shop / "rules" / "first.rules", "when cart_updated", "when cart_updatd")

    done = run(cwd=shop)

    assert (done.returncode, done.stdout) == (2, "")
    assert "rules/first.rules:9:8: error[E201]" in done.stderr
    assert done.stderr.endswith("kogda test: nothing was run, because the workspace has mistakes\n")


def test_a_mistake_in_a_test_is_a_failure_with_its_place(shop: Path):
    change(shop / "rules" / "first.test.rules", "at plus 40 min order_placed", "at 09:00 order_placed")

    done = run(cwd=shop)

    assert done.returncode == 1
    assert "rules/first.test.rules:11:6: error[E401]: time goes backwards here" in done.stdout


def test_a_test_without_rules_says_where_it_looked(shop: Path):
    (shop / "rules" / "other.test.rules").write_text('test "x"\n  expect nothing\n')

    done = run(cwd=shop)

    assert done.returncode == 1
    assert "error[E208]: no rules for this test" in done.stdout
    assert "looked for rules/other.rules" in done.stdout


def test_junit_tells_failures_and_tests_to_be_written(shop: Path):
    change(shop / "rules" / "first.rules", "after 1h", "after 61 min")
    with (shop / "rules" / "first.test.rules").open("a") as file:
        file.write('\ntodo test "later"\n')

    done = run("--format", "junit", cwd=shop)

    suites = ElementTree.fromstring(done.stdout)
    assert suites.attrib.items() >= {"tests": "3", "failures": "1", "skipped": "1"}.items()
    [failed] = [case for case in suites.iter("testcase") if case.find("failure") is not None]
    assert failed.attrib["name"] == "a cart left for an hour"
    assert "2026-03-02 11:01" in (failed.findtext("failure") or "")
    assert done.returncode == 1


def test_the_example_of_the_documentation_runs(shop: Path):
    page = (ROOT / "docs" / "testing.md").read_text()
    blocks = [block.removeprefix("rules\n") for block in page.split("```")[1::2] if block.startswith("rules\n")]
    rules, tests = blocks[:2]
    (shop / "rules" / "first.rules").write_text(rules)
    (shop / "rules" / "first.test.rules").write_text(tests)

    done = run(cwd=shop)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "3 passed, 1 todo" in done.stdout
