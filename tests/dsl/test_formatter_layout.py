"""Layout has no meaning: however a rule is laid out, it is written in one way, and no comment is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.formatter import format_source, kind_of
from dsl.formatting.comments import Margins
from dsl.formatting.proof import read
from dsl.source import Source

SHOWCASE = Path(__file__).parent / "showcase"
FILES = sorted([*SHOWCASE.glob("*.rules"), *Path(__file__).parents[2].joinpath("rules").glob("*.rules")])

_COMMENT_LINE = re.compile(r"^ *#[^\n]*\n|  #[^\n]*", re.MULTILINE)
_QUOTED = re.compile(r'"([^"«»“”„]*)"')
_BEGINS_ITEM = re.compile(
    r"(?:rule|when|every|on|use|let|define|segment|todo|test|правило|когда|кажд\w+|в день|подключить|пусть|условие"
    r"|сегмент|позже|тест)\b"
)

few_examples = settings(max_examples=8, deadline=None)


def in_style(path: Path, *, comments: bool) -> str:
    text = path.read_text(encoding="utf-8")
    found = format_source(Source(path.name, text), kind_of(path.name)).text
    assert found is not None
    if comments:
        return found
    again = format_source(Source(path.name, without_comments(found)), kind_of(path.name)).text
    assert again is not None
    return again


def without_comments(text: str) -> str:
    header, _, rest = text.partition("\n") if text.startswith("# language:") else ("", "", text)
    return f"{header}\n{_COMMENT_LINE.sub('', rest)}"


def laid_out_anew(draw: st.DrawFn, text: str) -> str:
    """Other blanks, other quotes, lines joined and indented at will; a new item still begins a line."""
    blank = st.sampled_from([" ", "  ", "\t", "\u00a0", " \u00a0 "])
    quotes = st.sampled_from(['""', "«»", "“”", "„“"])
    written: list[str] = []
    above = ""
    for line in text.splitlines():
        words = line.strip()
        can_join = above and words and not re.search(r"^#|\b(?:else|иначе|tier)$", above) and "#" not in above
        if not can_join or _BEGINS_ITEM.match(words) or _BEGINS_ITEM.match(above) or draw(st.booleans()):
            written.append(draw(st.sampled_from(["\n", "\r\n", "\n\n \n", " \n\t", "\n     "])))
        else:
            written.append(draw(blank))
        if not words.startswith("#"):
            words = _QUOTED.sub(lambda found: found[1].join(draw(quotes)), words)
            # Blanks inside quotes are text, all others are layout.
            words = re.sub(r"[\"«“„][^\"»”“]*[\"»”“]| +", lambda found: found[0].strip(" ") or draw(blank), words)
        written.append(words)
        above = line.strip()
    return "".join(written)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@few_examples
@given(data=st.data())
def test_layout_and_quotes_do_not_change_what_is_written(path: Path, data: st.DataObject):
    text = in_style(path, comments=False)

    mutant = data.draw(st.composite(lambda draw: laid_out_anew(draw, text))())

    assert format_source(Source("x", mutant), kind_of(path.name)).text == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@few_examples
@given(data=st.data())
def test_comments_anywhere_are_kept_and_change_nothing(path: Path, data: st.DataObject):
    kind = kind_of(path.name)
    text = in_style(path, comments=True)
    remarks = st.sampled_from(["", "", "", "  # behind", '\n# "above" when x', "\n\n    # far", "  # a\n  # b\n"])

    mutant = "".join(f"{line}{data.draw(remarks) if '#' not in line else ''}\n" for line in text.splitlines())
    once = format_source(Source("x", mutant), kind).text

    assert once is not None
    assert read(Source("x", once), kind)[0] == read(Source("x", text), kind)[0]
    assert comments_of(once) == comments_of(mutant)
    assert format_source(Source("x", once), kind).text == once


def comments_of(text: str) -> Counter[str]:
    return Counter(comment.text for comment in Margins(text).comments)
