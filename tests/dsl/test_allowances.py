"""`# kogda: allow …`: what it is about, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from dsl.allowances import allow
from dsl.diagnostics import Diagnostic, Label, Severity
from dsl.source import Source, Span

TODAY = date(2026, 11, 21)
ALLOW = '# kogda: allow W532 until 2027-03-01 "the courier promises it"'


def warned(source: Source, word: str = "24h", code: str = "W532") -> Diagnostic:
    start = source.text.index(word)
    severity = Severity.ERROR if code.startswith("E") else Severity.WARNING
    label = Label(Span(start, start + len(word)))
    return Diagnostic(code=code, message="?", source=source, labels=(label,), severity=severity)


def left(text: str, path: str = "rules/a.rules", today: date = TODAY) -> list[str]:
    source = Source(path, text)
    return [each.code for each in allow([warned(source)], [source], today)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"when a after 24h exit  {ALLOW}\n", id="at the end of the line"),
        pytest.param(f"{ALLOW}\nwhen a after 24h exit\n", id="on the line above"),
        pytest.param(f"{ALLOW}\n# about this rule\n\nwhen a after 24h exit\n", id="above, with lines that say nothing"),
        pytest.param(f"when a after 24h exit  {ALLOW.replace('W532', 'W501, W532')}\n", id="one of several codes"),
        pytest.param(f"when a after 24h exit  {ALLOW}\r\nwhen b exit\r\n", id="with Windows line breaks"),
    ],
)
def test_what_is_allowed_is_not_reported(text: str):
    assert "W532" not in left(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param(f"{ALLOW}\nwhen b exit\nwhen a after 24h exit\n", ["W701", "W532"], id="two lines above"),
        pytest.param(f"when a after 24h exit\n{ALLOW}\nwhen b exit\n", ["W532", "W701"], id="below"),
        pytest.param(f'when a after 24h add tag "{ALLOW[:20]}" exit\n', ["W532"], id="in quotes"),
        pytest.param("when a after 24h exit # kogda: allow W532\n", ["W532", "E702"], id="no day, no reason"),
        pytest.param(f"when a after 24h exit  {ALLOW.replace('W532', 'E101')}\n", ["W532", "E703"], id="a mistake"),
    ],
)
def test_what_is_not_allowed_is_reported(text: str, codes: list[str]):
    assert left(text) == codes


def test_the_last_day_belongs_to_it():
    text = f"when a after 24h exit  {ALLOW}\n"

    assert left(text, today=date(2027, 3, 1)) == []
    assert left(text, today=date(2027, 3, 2)) == ["W532", "E701"]


def test_in_a_template_it_is_about_the_whole_file():
    text = '<p>24h</p>\n{# kogda: allow W532 until 2027-03-01 "sent by hand" #}\n'

    assert left(text, path="templates/email/a.html") == []


def test_a_template_of_comments_without_an_end_takes_no_time():
    assert left("24h" + "{#" * 500_000, path="templates/email/a.html") == ["W532"]


def test_a_mistake_is_never_allowed():
    source = Source("rules/a.rules", f"when a after 24h exit  {ALLOW}\n")

    assert [each.code for each in allow([warned(source, code="E201")], [source], TODAY)] == ["E201"]


def test_what_was_not_looked_for_is_not_missed():
    source = Source("rules/a.rules", f"when a exit  {ALLOW.replace('W532', 'W524')}\n")

    assert allow([], [source], TODAY, unasked=["W524"]) == []
