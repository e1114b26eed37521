"""The grammar as a whole: no conflict, no collision, cached in a private place, in step with its table."""

from __future__ import annotations

import itertools
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark

from dsl import grammar
from dsl.cache_directory import cache_directory
from dsl.parser import parse_file, parse_tests
from dsl.source import Source
from dsl.tree import TREES
from dsl.words import FORMS

ROOT = Path(__file__).parents[2]
SHOWCASE = Path(__file__).parent / "showcase"


@pytest.fixture(scope="module")
def strict() -> Lark:
    return grammar.build(strict=True)  # raises on a conflict


def together(strict: Lark) -> Iterator[set[str]]:
    """The terminals that the lexer must tell apart, state by state."""
    for lexer in strict.parser.lexer.lexers.values():  # type: ignore[union-attr]
        yield {terminal.name for terminal in lexer.terminals}


def test_no_two_keywords_of_one_place_share_a_word(strict: Lark):
    # Lark's own check of collisions sees none between patterns that end in \b.
    collisions = {
        (first, second, word)
        for names in together(strict)
        for first, second in itertools.combinations(sorted(names & FORMS.keys()), 2)
        for word in set(FORMS[first]) & set(FORMS[second])
    }

    assert collisions == set()


def test_a_longer_keyword_is_tried_before_one_that_it_begins_with(strict: Lark):
    priority = {terminal.name: terminal.priority for terminal in strict.terminals}

    hidden = {
        (long, short)
        for names in together(strict)
        for long, short in itertools.permutations(names & FORMS.keys(), 2)
        if priority[long] <= priority[short]
        and any(form.startswith(f"{other} ") for form in FORMS[long] for other in FORMS[short])
    }

    assert hidden == set()


def test_every_production_has_a_builder(strict: Lark):
    productions = {str(rule.alias or rule.origin.name) for rule in strict.rules}
    read_in_place = {
        "file", "testfile", "delay", "audience", "where", "same", "send_unless", "else_arm", "pairs",
        "aggregate_where", "window", "for_customer", "column", "row",
    }  # fmt: skip

    missing = {name for name in productions if not name.startswith("_")} - TREES.keys() - read_in_place

    assert missing == set()


@pytest.mark.parametrize("name", ["showcase.rules", "russian.rules"])
def test_the_showcase_of_rules_parses(name: str):
    source = Source(name, (SHOWCASE / name).read_text(encoding="utf-8"))

    parsed, found = parse_file(source)

    assert found == []
    assert len(parsed.items) > 10


def test_the_showcase_of_tests_parses():
    source = Source("a.test.rules", (SHOWCASE / "showcase.test.rules").read_text(encoding="utf-8"))

    parsed, found = parse_tests(source)

    assert found == []
    assert len(parsed.cases) == 6


def test_a_saved_parser_is_private_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KOGDA_CACHE_DIR", str(tmp_path / "cache"))
    grammar._parser.cache_clear()
    text = 'when a send email "x"'

    built = grammar.parser().parse(text, start="file")
    grammar._parser.cache_clear()
    loaded = grammar.parser().parse(text, start="file")

    grammar._parser.cache_clear()
    (saved,) = (tmp_path / "cache").glob("*.bin")
    assert built == loaded
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    assert grammar.fingerprint() in saved.name


def test_a_torn_saved_parser_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KOGDA_CACHE_DIR", str(tmp_path))
    saved = tmp_path / f"grammar-{grammar.fingerprint()}.bin"
    saved.write_bytes(b"half of it")
    grammar._parser.cache_clear()

    tree = grammar.parser().parse('when a send email "x"', start="file")

    grammar._parser.cache_clear()
    assert tree.data == "file"
    assert saved.stat().st_size > 10_000


def test_a_folder_that_others_may_write_to_holds_no_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KOGDA_CACHE_DIR", str(tmp_path))
    os.chmod(tmp_path, 0o777)

    assert cache_directory() is None


def test_a_folder_that_cannot_be_made_holds_no_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KOGDA_CACHE_DIR", str(tmp_path / "file" / "cache"))

    assert cache_directory() is None


def test_generated_files_are_up_to_date():
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts/generate.py", "--check"], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stderr) == (0, "")
