"""Lints and allowances of a whole folder, and a second check that reads only what has changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from dsl.around import Around, Observed
from dsl.render import render_text
from engine.flow.checking.check_workspace import Verdict, check_files
from engine.workspace.files import read_files

AROUND = Around(today=date(2026, 11, 21))
DEFINITIONS = """\
let small = 10 EUR
let unknown_city = "Mars"
define near means customer.city is not unknown_city
"""
ORDER = """\
use "common.rules"
when order_placed where event.total > small after 24h send email "thanks"
"""
TEST = """\
test "shipped"
  customer
  at 2026-03-02 10:00 order_shipped
  expect nothing
"""
FILES = {
    "kogda.yaml": "language: 1\ntimezone: Europe/Berlin\nlocale: en\n",
    "schema.yaml": (
        "events:\n  order_placed: {key: order_id, properties: {order_id: text, total: money, city: text}}\n"
        "  order_shipped: {properties: {order_id: text}}\n"
        "customer: {city: optional text, tier: {enum: [gold, silver]}}\n"
    ),
    "templates/email/thanks.html": '---\nsubject: Hello\n---\n<p>Hello</p> <a href="{{ unsubscribe_url }}">Stop</a>\n',
    "templates/email/old.html": "---\nsubject: Hello\n---\n<p>Hello</p>\n",
    "rules/common.rules": DEFINITIONS,
    "rules/order.rules": ORDER,
    "rules/ship.rules": 'when order_shipped add tag "shipped"\n',
    "rules/ship.test.rules": TEST,
    "rules/third.rules": 'rule "Third" when order_placed send email "thanks"\n',
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of this test alone."""
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("KOGDA_CACHE_DIR", str(directory))
    return directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    for path, text in FILES.items():
        write(root, path, text)
    return root


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def check(folder: Path, around: Around = AROUND, *, cached: bool = True) -> Verdict:
    return check_files(folder, read_files(folder), around, cached=cached)


def told(verdict: Verdict) -> str:
    return render_text(verdict.diagnostics, "en") + render_text(verdict.diagnostics, "ru")


def codes(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each.source.path, each.code) for each in verdict.diagnostics]


def test_lints_of_rules_files_and_templates_come_together(folder: Path):
    assert codes(check(folder)) == [
        ("rules/common.rules", "W605"),
        ("rules/order.rules", "W501"),
        ("rules/order.rules", "W532"),
        ("templates/email/old.html", "W560"),
    ]


def test_nothing_is_called_unused_while_a_file_cannot_be_read(folder: Path):
    write(folder, "rules/ship.rules", 'when order_shipped sned email "old"\n')

    found = {code for _, code in codes(check(folder))}

    assert not found & {"W560", "W605", "W606", "W701"}


@pytest.mark.parametrize("written", ["оld", "odl"], ids=["a letter of the other alphabet", "misspelt"])
def test_a_wrong_name_of_a_template_is_one_mistake_and_its_template_not_unused(folder: Path, written: str):
    (folder / "rules/ship.rules").write_text(f'when order_shipped send email "{written}"\n', encoding="utf-8")

    found = [(each.code, each.source.path) for each in check(folder).diagnostics]

    assert ("W560", "templates/email/old.html") not in found
    assert [code for code, path in found if path == "rules/ship.rules"] == ["E202" if written == "оld" else "E204"]


def test_a_template_is_allowed_by_a_comment_of_its_own(folder: Path):
    allowance = '{# kogda: allow W560 until 2027-01-01 "by hand" #}\n'
    write(folder, "templates/email/old.html", FILES["templates/email/old.html"] + allowance)

    assert "W560" not in {code for _, code in codes(check(folder))}


def test_numbers_of_the_customers_reach_the_lints(folder: Path):
    observed = Observed(events={"order_placed": 900}, doers={"order_placed": 100})

    found = codes(check(folder, Around(today=AROUND.today, observed=observed)))

    assert ("rules/third.rules", "W502") in found
    assert ("rules/ship.rules", "W524") in found


def test_a_second_check_reads_nothing_and_says_the_same(folder: Path):
    first = check(folder)

    second = check(folder)

    assert (first.read, second.read) == (4, 0)
    assert told(second) == told(first)
    assert (second.rules, second.files) == (first.rules, first.files) == (3, 4)


SEGMENT = 'segment s means customer.tier is "gold"\nwhen order_placed only if customer in s exit\n'
EDITS = [
    pytest.param({"rules/ship.rules": 'when order_shipped after 48h add tag "a"\n'}, id="a lint more"),
    pytest.param({"rules/ship.rules": "when order_shiped exit\n"}, id="a mistake"),
    pytest.param({"rules/ship.rules": "when order_shipped sned\n"}, id="a mistake of writing"),
    pytest.param({"rules/common.rules": "let large = 10 EUR\n"}, id="a definition less"),
    pytest.param({"rules/common.rules": 'let small = "x"\n'}, id="a definition of another kind"),
    pytest.param({"rules/ship.rules": 'rule "Third" when order_shipped exit\n'}, id="a name that stands twice"),
    pytest.param(
        {
            "rules/ship.rules": "when order_shipped emit order_placed\n",
            "rules/third.rules": 'rule "Third" when order_placed emit order_shipped\n',
        },
        id="a circle",
    ),
    pytest.param({"rules/order.rules": 'use "comon.rules"\nwhen order_placed exit\n'}, id="a file that is not there"),
    pytest.param({"rules/new.rules": 'when order_placed send email "old"\n'}, id="a new file"),
    pytest.param({"templates/email/old.html": "{{ customer.nobody }}"}, id="a template"),
    pytest.param({"schema.yaml": "events:\n  order_placed: {properties: {total: money}}\n"}, id="the schema"),
    pytest.param({"rules/ship.test.rules": 'test "shipped"\n  customer\n'}, id="a test"),
    pytest.param({"rules/third.rules": SEGMENT}, id="a segment"),
]


@pytest.mark.parametrize("edits", EDITS)
def test_what_is_remembered_makes_no_difference(folder: Path, edits: dict[str, str]):
    check(folder)
    for path, text in edits.items():
        write(folder, path, text)

    warm = check(folder)
    again = check(folder)
    cold = check(folder, cached=False)

    assert told(warm) == told(cold)
    assert told(again) == told(cold)
    assert (warm.rules, warm.files) == (cold.rules, cold.files)


def test_only_the_changed_file_and_what_sees_it_are_read(folder: Path):
    check(folder)
    write(folder, "rules/ship.rules", 'when order_shipped add tag "sent"\n')

    assert check(folder).read == 1


def test_another_day_is_checked_anew(folder: Path):
    check(folder)

    assert check(folder, Around(today=date(2026, 11, 22))).read == 4


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{" * 100_000, b'{"format": 1, "base": 3}'], ids=repr)
def test_a_broken_cache_is_as_good_as_none(folder: Path, cache: Path, content: bytes):
    expected = told(check(folder))
    for path in (cache / "checks").iterdir():
        path.write_bytes(content)

    assert told(check(folder)) == expected


def test_a_cache_of_another_shape_is_as_good_as_none(folder: Path, cache: Path):
    expected = told(check(folder))
    for whole in (cache / "checks").glob("*.all.json"):
        whole.unlink()
    [path] = (cache / "checks").iterdir()
    stored = json.loads(path.read_bytes())
    for entry in stored["files"].values():
        entry[3] = ["something", "else"]
    path.write_text(json.dumps(stored))

    assert told(check(folder)) == expected


def test_without_a_cache_directory_it_checks_all_the_same(folder: Path, cache: Path):
    cache.chmod(0o777)  # others could write there

    assert check(folder).read == 4
    assert check(folder).read == 4
