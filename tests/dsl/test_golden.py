"""Whole messages beside the texts that cause them. KOGDA_UPDATE_GOLDEN=1 writes them anew and still fails.

A golden file is named after the first code that it shows, and has four parts: how it is read (`entry: syntax`,
`tests`, `cases`, `check`, `lint`, `schema`, `settings` or `template`; `path: …`), the input, the rendered text, and the
same in Russian. What lints know besides the rules stands there too: see lint_shop.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dsl.codes import CODES
from dsl.diagnostics import Diagnostic
from dsl.fixes import safe_fixes, with_fixes
from dsl.parser import parse_file, parse_tests
from dsl.render import render_text
from dsl.source import Source
from engine.flow.checking.template_catalog import load_templates
from tests.dsl.lint_shop import lint_rules
from tests.dsl.shop import check_rules, check_schema, check_settings
from tests.testing.stage import run_cases

GOLDEN = Path(__file__).parent / "golden"
PAGES = Path(__file__).parents[2] / "docs" / "errors"
INPUT, OUTPUT, RUSSIAN = "--- input\n", "--- output\n", "--- output in Russian\n"


def syntax_of_rules(source: Source) -> list[Diagnostic]:
    return parse_file(source)[1]


def syntax_of_tests(source: Source) -> list[Diagnostic]:
    return parse_tests(source)[1]


def template_of_a_mail(source: Source) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    load_templates({source.path.removeprefix("templates/"): source.text}, (), found)
    return found


#: The word after `entry:` to what is run.
ENTRIES: dict[str, Callable[[Source], list[Diagnostic]]] = {
    "syntax": syntax_of_rules,
    "tests": syntax_of_tests,
    "cases": run_cases,
    "check": check_rules,
    "schema": check_schema,
    "settings": check_settings,
    "template": template_of_a_mail,
}


@dataclass(frozen=True)
class Golden:
    head: str
    input: str
    output: str
    russian: str

    @classmethod
    def read(cls, path: Path) -> Golden:
        head, _, rest = path.read_text(encoding="utf-8").partition(INPUT)
        text, _, outputs = rest.partition(OUTPUT)
        output, _, russian = outputs.partition(RUSSIAN)
        return cls(head, text, output, russian)

    @property
    def settings(self) -> dict[str, str]:
        return dict(line.split(": ", 1) for line in self.head.splitlines())

    def found(self) -> list[Diagnostic]:
        source = Source(self.settings["path"], self.input)
        if self.settings["entry"] == "lint":
            return lint_rules(source, self.settings)
        return ENTRIES[self.settings["entry"]](source)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_a_mistake_is_explained_in_exactly_these_words(path: Path):
    golden = Golden.read(path)

    found = golden.found()

    rendered, russian = render_text(found), render_text(found, "ru")
    if os.environ.get("KOGDA_UPDATE_GOLDEN"):
        outputs = f"{OUTPUT}{rendered}{RUSSIAN}{russian}"
        path.write_text(f"{golden.head}{INPUT}{golden.input}{outputs}", encoding="utf-8")
    assert rendered == golden.output
    assert russian == golden.russian
    assert path.stem.startswith(found[0].code)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("E1*.txt")), ids=lambda path: path.stem)
def test_a_safe_fix_cures_the_mistake_that_it_is_offered_for(path: Path):
    golden = Golden.read(path)
    fixes = [(found, fix) for found in golden.found() for fix in found.fixes if fix.safety == "safe"]

    for cured, fix in fixes:
        text = with_fixes(golden.input, [fix])

        left = Golden(golden.head, text, "", "").found()
        assert (cured.code, cured.span) not in [(found.code, found.span) for found in left], text


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("E1*.txt")), ids=lambda path: path.stem)
def test_safe_fixes_leave_no_other_mistake_behind(path: Path):
    golden = Golden.read(path)
    before, text = golden.found(), golden.input

    for _ in range(5):
        text = with_fixes(text, safe_fixes(Golden(golden.head, text, "", "").found()))

    unfixed = [found for found in before if not safe_fixes([found])]
    left = [found for found in Golden(golden.head, text, "", "").found() if found.code.startswith("E1")]
    assert len(left) <= len(unfixed), text


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_each_fix_that_is_offered_leads_nearer_to_a_clean_file(path: Path):
    golden = Golden.read(path)
    before = golden.found()
    fixes = [(found, fix) for found in before for fix in found.fixes if found.source.text == golden.input]

    for cured, fix in fixes:
        left = Golden(golden.head, with_fixes(golden.input, [fix]), "", "").found()
        assert len(left) <= len(before), fix.title
        assert (cured.code, cured.message, cured.span.start) not in [
            (found.code, found.message, found.span.start) for found in left
        ], fix.title


#: Mistakes of whole folders, shown by tests/engine/flow/test_load_workspace.py; and E314, which never comes first: see
#: E606_schedule_has_no_event.txt. E329 needs a shop without a currency: test_history_values.py.
ELSEWHERE = ("E213", "E218", "E314", "E329", "E501", "E502", "E515")


@pytest.mark.parametrize("code", [code for code in CODES if code not in ELSEWHERE])
def test_every_mistake_has_a_golden_file_and_a_page(code: str):
    assert list(GOLDEN.glob(f"{code}_*.txt")), f"no tests/dsl/golden/{code}_….txt"
    assert (PAGES / f"{code}.md").exists(), f"no docs/errors/{code}.md"
