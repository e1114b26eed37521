"""Whatever a rule file says, compiling it ends in a plan or in findings, never in a traceback."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.codec import from_json, to_json
from dsl.codes import CODES
from dsl.compiler import compile_rules
from dsl.parser import parse_file
from dsl.render import render_json, render_text
from dsl.source import Source
from tests.drills.sizes import sized
from tests.dsl.shop import SHOP

GOLDEN = Path(__file__).parent / "golden"
TEXTS = sorted(
    path.read_text(encoding="utf-8").partition("--- input\n")[2].partition("--- output\n")[0]
    for path in GOLDEN.glob("*.txt")
)
WORDS = sorted({word for text in TEXTS for word in text.split()})


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A golden text with some words left out, doubled, or replaced by words of other texts."""
    words = draw(st.sampled_from(TEXTS)).split(" ")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words) - 1))
        words[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=2))
        words = words or [""]
    return " ".join(words)


@settings(max_examples=sized(400, 8000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(mangled(), min_size=1, max_size=3))
def test_any_files_compile_to_a_plan_or_to_findings(texts: list[str]):
    files, mistakes = [], []
    for number, text in enumerate(texts):
        file, found = parse_file(Source(f"rules/{number}.rules", text))
        files.append(file)
        mistakes += found

    made, found = compile_rules(files, SHOP)

    assert {each.code for each in found} <= set(CODES)
    assert render_text(found).count("\n") >= len(found)
    render_json(found)
    if made is not None:
        assert from_json(to_json(made)) == made
    else:
        assert found
