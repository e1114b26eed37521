"""The quick loop and Lark's own read the same trees, and stumble over the same texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from dsl import chunks, grammar
from dsl.grammar import Start
from dsl.quick_parse import quick_parse

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "dsl" / "golden").glob("*.txt"))
RULES = sorted((ROOT / "rules").glob("*.rules"))


def slow_parse(text: str, start: Start) -> Tree[Token] | None:
    try:
        return grammar.parser().parse(text, start=start)
    except UnexpectedInput:
        return None


def tokens(tree: Tree[Token] | None) -> list[tuple[str, str, int | None, int | None]]:
    found = tree.scan_values(lambda value: isinstance(value, Token)) if tree else []
    return [(token.type, str(token), token.start_pos, token.end_pos) for token in found]


def texts() -> list[tuple[Start, str]]:
    """Each chunk of the golden inputs and of the repository's own rules and tests."""
    found: list[tuple[Start, str]] = []
    for path in [*GOLDEN, *RULES]:
        text = path.read_text(encoding="utf-8")
        text = text.partition("--- input\n")[2].partition("--- output\n")[0] or text
        found += [("file", text[chunk.start : chunk.end]) for chunk in chunks.rule_chunks(text)]
        found += [("testfile", text[chunk.start : chunk.end]) for chunk in chunks.test_chunks(text)]
    return found


def test_every_text_gives_the_same_tree_or_the_same_refusal():
    compared = [(quick_parse(text, start), slow_parse(text, start), text) for start, text in texts()]

    assert len(compared) > 300
    assert sum(slow is not None for _, slow, _ in compared) > 100
    for quick, slow, text in compared:
        assert quick == slow, text
        assert tokens(quick) == tokens(slow), text


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n", "\u200b"])
def test_nothing_is_an_empty_file(text: str):
    assert quick_parse(text, "file") == slow_parse(text, "file")
