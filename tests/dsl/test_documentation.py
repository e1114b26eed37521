"""Every rule in the documentation is one: it parses, and compiles against the shop of this repository.

Every test in it passes, over the rules that stand nearest above it on its page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dsl import plan, syntax
from dsl.built_in_events import with_built_in
from dsl.catalog import Catalog, PromoPool, TemplateInfo
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic, Severity
from dsl.parser import parse_file, parse_tests
from dsl.resolve import resolve
from dsl.source import Source
from engine.flow.checking.load_workspace import load_workspace
from engine.testing.cases.outcome import CaseResult
from engine.testing.cases.running import run_file
from engine.testing.reading.ground import Workspace

ROOT = Path(__file__).parents[2]
CHANNELS = ("email", "sms", "push", "telegram", "inapp")
_BLOCK = re.compile(r"^```rules\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LOOKS_LIKE_RULES = re.compile(
    r"^(?:(?:rule|test|todo test|правило|тест) [\"«]|(?:when|every|on \d|когда|каждый) |(?:segment|define) \w+ means)",
    re.MULTILINE,
)
_IS_TEST = re.compile(r"(?:todo |позже )?(?:test|тест|проверка)\b", re.IGNORECASE)
#: What an example may speak of without saying it again, besides rules/common.rules.
_KNOWN = "segment vip means sum of order_placed.total in last 365 days > 500 EUR\n"


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    text: str

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_test(self) -> bool:
        return _IS_TEST.match(self.text.strip()) is not None


def blocks() -> Iterator[Block]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield Block(path.relative_to(ROOT).as_posix(), line, match[1])


BLOCKS = list(blocks())


@pytest.fixture(scope="module")
def shop() -> Catalog:
    return load_workspace(ROOT).catalog


def catalog_for(block: Block, shop: Catalog) -> Catalog:
    """The shop, with a template of every name in quotes, and with what its kogda.yaml does not name yet."""
    names = set(re.findall(r'"([^"\n]+)"', block.text))
    templates = {
        (channel, name): TemplateInfo(channel=channel, name=name, path=f"templates/{channel}/{name}.html")
        for channel in CHANNELS
        for name in names
    }
    return replace(
        shop,
        events=with_built_in(shop.events, CHANNELS),
        templates=templates,
        channels=CHANNELS,
        pools={"BACK10": PromoPool()},
        webhooks=("crm_sync",),
        staff=("managers",),
    )


def compiled(block: Block, catalog: Catalog) -> tuple[list[syntax.RuleFile], plan.Plan | None, list[Diagnostic]]:
    common = (ROOT / "rules/common.rules").read_text(encoding="utf-8") + _KNOWN
    names = set(re.findall(r"(?m)^(?:let|define|segment|пусть|условие|сегмент) (\w+)", block.text))
    known = "\n".join(line for line in common.splitlines() if len(line.split()) < 2 or line.split()[1] not in names)
    found: list[Diagnostic] = []
    files = []
    for source in (
        Source("rules/example.rules", f'use "common.rules"\n{block.text}'),
        Source("rules/common.rules", known),
    ):
        file, mistakes = parse_file(source)
        files.append(file)
        found += mistakes
    rules, more = compile_rules(files, catalog)
    return files, rules, [*found, *more]


def mistakes_in(block: Block, shop: Catalog) -> list[Diagnostic]:
    if block.is_test:
        return parse_tests(Source(block.id, block.text))[1]
    return compiled(block, catalog_for(block, shop))[2]


def rules_above(block: Block) -> Block:
    """That a test of the documentation is about."""
    return [each for each in BLOCKS if each.page == block.page and each.line < block.line and not each.is_test][-1]


def test_what_looks_like_rules_is_marked_as_such_and_so_tested():
    """Pages of codes show what is wrong as well: see test_golden.py."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/ru").glob("*.md")]

    found = [
        f"{page.name}: {text[:60]}"
        for page in pages
        for language, text in _ANY_BLOCK.findall(page.read_text(encoding="utf-8"))
        if not language and _LOOKS_LIKE_RULES.search(text)
    ]

    assert found == []


def test_there_are_examples_in_both_languages():
    assert len([block for block in BLOCKS if block.page == "docs/language.md"]) >= 40
    assert any(block.page.startswith("docs/ru/") for block in BLOCKS)
    assert any(block.page == "README.md" for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.id)
def test_an_example_is_a_rule_of_the_shop(block: Block, shop: Catalog):
    errors = [each for each in mistakes_in(block, shop) if each.severity is Severity.ERROR]

    assert [f"{each.code}: {each.message}" for each in errors] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.is_test], ids=lambda block: block.id)
def test_a_test_of_the_documentation_passes_over_the_rules_above_it(block: Block, shop: Catalog):
    above = rules_above(block)
    catalog = catalog_for(replace(above, text=above.text + block.text), shop)
    files, rules, _ = compiled(above, catalog)
    assert rules is not None
    workspace = Workspace(plan=rules, catalog=catalog, names=resolve(files, catalog, []))
    tests, _ = parse_tests(Source("rules/example.test.rules", block.text))

    results = list(run_file(tests, workspace))

    assert {result.status for result in results} <= {"passed", "todo"}, "\n".join(map(told, results))
    assert any(result.status == "passed" for result in results)


def told(result: CaseResult) -> str:
    lines = [failure.message for failure in result.failures] + [str(each.message) for each in result.diagnostics]
    return "\n  ".join([f"{result.title}: {result.status}", *lines])
