"""The formats of `kogda check` as other programs read them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from api.check_formats import FORMATS
from api.check_formats.github import MOST, MOST_SUMMARY_BYTES, render_summary
from api.check_formats.report import Report
from api.cli.changed_lines import read_diff
from dsl.codes import CODES
from dsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from dsl.source import Source, Span

SARIF = json.loads(Path(__file__).with_name("sarif-2.1.0.json").read_text())
TEXT = 'when order_placed\n  send emial "почта 🙂"\n'
SOURCE = Source("rules/a.rules", TEXT)


def finding(at: str = "emial", code: str = "E101", source: Source = SOURCE) -> Diagnostic:
    start = source.text.index(at)
    span = Span(start, start + len(at))
    return Diagnostic(
        code=code,
        message=f'I do not know "{at}", 100% & more',
        source=source,
        labels=(Label(span, "here"), Label(Span(0, 4), "the rule")),
        notes=("look, there: two",),
        fixes=(Fix("email", (Edit(span, "email"),), "safe"),),
        severity=Severity.ERROR if code.startswith("E") else Severity.WARNING,
    )


def numbered(count: int) -> Report:
    source = Source("rules/a.rules", "".join(f"line{number:05}\n" for number in range(count)))
    return Report(found=[finding(f"line{number:05}", source=source) for number in range(count)])


def test_sarif_is_valid_and_declares_every_code():
    report = Report(found=[finding(), finding("почта"), finding("order_placed", "W601")], prefix="shops/one two/")

    log = json.loads(FORMATS["sarif"](report))

    jsonschema.Draft4Validator(SARIF).validate(log)
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(CODES)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shops/one%20two/rules/a.rules"
    assert place["region"] == {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 13}
    assert run["results"][2]["level"] == "note"


def test_an_empty_sarif_is_valid_too():
    jsonschema.Draft4Validator(SARIF).validate(json.loads(FORMATS["sarif"](Report(found=[]))))


def test_sarif_titles_its_codes_in_the_language_of_the_reader():
    log = json.loads(FORMATS["sarif"](Report(found=[], language="ru")))

    [unused] = [each for each in log["runs"][0]["tool"]["driver"]["rules"] if each["id"] == "W560"]
    assert unused["shortDescription"]["text"] == "шаблон, который никому не нужен"


def test_a_fingerprint_stays_when_the_line_moves_and_differs_for_its_neighbour():
    moved = Source(SOURCE.path, f"# a new line\n\n{TEXT.replace('  send', '    send')}")

    before = [mark for _, mark in Report(found=[finding(), finding()]).fingerprints()]
    after = [mark for _, mark in Report(found=[finding(source=moved), finding(source=moved)]).fingerprints()]

    assert before == after
    assert before[0] != before[1]


def test_github_escapes_and_keeps_to_one_line():
    [line] = FORMATS["github"](Report(found=[finding()], prefix="a,b:c/")).splitlines()

    head, _, message = line.partition("::I do")
    assert head == "::error file=a%2Cb%3Ac/rules/a.rules,line=2,endLine=2,col=8,endColumn=13,title=E101"
    assert message == ' not know "emial", 100%25 & more%0Ahere%0Alook, there: two%0A-> email'


def test_github_shows_ten_of_a_kind_first_those_of_this_change_and_counts_the_rest():
    report = numbered(14)
    report = Report(found=report.found, changed={"rules/a.rules": frozenset({13})})

    *shown, last = FORMATS["github"](report).splitlines()

    assert len(shown) == MOST
    assert "line=13," in shown[0]
    assert last.startswith("4 more are not shown")


def test_the_summary_of_a_step_says_how_much_does_not_fit():
    summary = render_summary(numbered(20_000))

    assert len(summary.encode()) < MOST_SUMMARY_BYTES + 1_000
    rows = summary.count("| `E101`")
    assert summary.endswith(f"| | | … {20_000 - rows} |\n")


def test_gitlab_gets_unique_stable_fingerprints():
    issues = json.loads(FORMATS["gitlab"](Report(found=[finding(), finding(), finding("when", "W601")])))

    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert issues[0]["location"] == {"path": "rules/a.rules", "lines": {"begin": 2}}
    assert [issue["severity"] for issue in issues] == ["critical", "critical", "info"]


@pytest.mark.parametrize(("strict", "failures"), [(False, "1"), (True, "2")])
def test_junit_counts_what_fails(strict: bool, failures: str):
    odd = Source("rules/b.rules", "when \x01\ufffe<&>\n")
    report = Report(found=[finding(), finding("when", "W501", odd)], strict=strict)

    suites = ElementTree.fromstring(FORMATS["junit"](report))

    assert (suites.get("tests"), suites.get("failures")) == ("2", failures)
    assert [suite.get("name") for suite in suites] == ["rules/a.rules", "rules/b.rules"]


def test_junit_of_a_clean_workspace_has_a_test_that_passed():
    suites = ElementTree.fromstring(FORMATS["junit"](Report(found=[])))

    assert (suites.get("tests"), suites.get("failures")) == ("1", "0")


def test_changed_lines_are_read_from_a_diff():
    hunks = "@@ -1,0 +2,3 @@\n+a\n@@ -9 +12 @@ when\n+b\n"
    diff = f"--- a/x.rules\n+++ b/x.rules\n{hunks}--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n"

    assert read_diff(diff) == {"x.rules": frozenset({2, 3, 4, 12}), "/dev/null": frozenset()}
