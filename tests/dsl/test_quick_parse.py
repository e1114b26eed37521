"""The quick loop and Lark's own read the same trees, and stumble over the same texts."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from lark.exceptions import UnexpectedInput

from dsl import chunks, grammar, parse_table
from dsl.parse_tree import Part, Start, Token, Tree, from_lark
from dsl.quick_parse import ODD_LETTERS, quick_parse
from dsl.words import FORMS

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "dsl" / "golden").glob("*.txt"))
RULES = sorted((ROOT / "rules").glob("*.rules"))


def slow_parse(text: str, start: Start) -> Tree | None:
    try:
        return from_lark(grammar.parser().parse(text, start=start))
    except UnexpectedInput:
        return None


def shape(part: Part | None) -> object:
    if part is None:
        return None
    if isinstance(part, Token):
        return part.type, str(part), part.start_pos, part.end_pos
    return part.data, [shape(child) for child in part.children]


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
        assert shape(quick) == shape(slow), text


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n", "\u200b"])
def test_nothing_is_an_empty_file(text: str):
    assert shape(quick_parse(text, "file")) == shape(slow_parse(text, "file")) == ("file", [])


@pytest.mark.parametrize(
    "text",
    [
        'when placed where event.a is not "b" send email "n"',  # `is not` before `is`
        'when placed where event.a is\u00a0 \tnot "b" send email "n"',
        'WHEN placed WHERE event.a Is Not "b" SEND email "n"',
        'когда placed где event.a НЕ РАВНО "b" отправить письмо "n"',
        'когда placed где event.a входит в ("b", "c") отправить письмо "n"',
        'when when where where.is is "b" send email "n"',  # words where only a name may stand
        'when placed send email "n" with discount = 10%, price = 5 EUR, day = 2026-01-01, wait = 5 min',
        'when placed\u017f where event.a i\u017f "b" \u017fend email "n"',  # long s: `send`, said by who ignores case
    ],
)
def test_words_are_told_apart_as_lark_tells_them(text: str):
    slow = slow_parse(text, "file")

    quick = quick_parse(text, "file")

    assert slow is not None
    assert shape(quick or slow) == shape(slow)
    assert (quick is None) == ("\u017f" in text)


def test_letters_that_only_a_pattern_takes_for_ours_are_left_to_lark():
    letters = "".join({letter for forms in FORMS.values() for form in forms for letter in form if letter.isalpha()})
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))

    taken = {*re.findall(f"[{letters}]", everything, re.IGNORECASE), *letters, *letters.upper()}
    odd = {
        other
        for letter in letters
        for other in taken
        if bool(re.fullmatch(letter, other, re.IGNORECASE)) != (other.lower() == letter)
    }

    assert odd > {"\u017f"}
    assert odd == {each for each in everything if ODD_LETTERS.match(each)} & taken


def test_the_kept_table_of_another_grammar_is_computed_again(tmp_path: Path):
    kept = parse_table.FILE.read_text(encoding="utf-8")
    other = tmp_path / "parse_table.json"
    other.write_text(kept.replace(parse_table.digest_of_grammar(), "0" * 64).replace("RULE", "ROLE"))

    table = parse_table.parse_table(other)

    assert parse_table.written(table) == kept
