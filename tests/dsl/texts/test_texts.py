"""Every text: parse, print, parse again, equal; compile; run. The 75 of the prototype and 150 more."""

from __future__ import annotations

import pytest

from dsl.diagnostics import Severity
from dsl.formatter import Language, format_source
from dsl.parser import parse_file
from dsl.source import Source
from dsl.syntax import RuleFile
from tests.dsl.texts.texts import Text, compiled, texts
from tests.dsl.texts.year import live_through

TEXTS = texts()
each_text = pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.id)

#: Texts that do not compile yet, by id, with the code that refuses them. It only ever gets shorter.
NOT_YET: dict[str, str] = {}


def parsed(rules: str) -> RuleFile:
    file, found = parse_file(Source("text.rules", rules))
    assert [each.message for each in found if each.severity is Severity.ERROR] == []
    return file


def test_there_are_enough_of_them():
    own = [text for text in TEXTS if text.file != "prototype"]

    assert len(TEXTS) - len(own) == 75
    assert len(own) >= 150
    assert sum(text.file == "russian" for text in own) >= 50
    assert len({text.id for text in TEXTS}) == len(TEXTS)


@each_text
@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_printed_and_read_again_as_the_same_tree(text: Text, language: Language):
    tree = parsed(text.rules)

    printed = format_source(Source("text.rules", text.rules), "rules", language=language).text

    assert printed is not None
    assert parsed(printed).items == tree.items


@each_text
def test_it_compiles_or_stands_in_the_list(text: Text):
    plan, mistakes = compiled(text)

    assert (plan is None) == (text.id in NOT_YET), [f"{each.code}: {each.message}" for each in mistakes]
    assert not mistakes or NOT_YET[text.id] in [each.code for each in mistakes]


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if text.begins_runs and text.id not in NOT_YET], ids=lambda text: text.id
)
def test_it_runs_and_somebody_meets_it(text: Text):
    plan, _ = compiled(text)
    assert plan is not None

    world = live_through(plan)

    assert world.runs
