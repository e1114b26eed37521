"""Where one item ends and the next begins."""

from __future__ import annotations

import pytest

from dsl import syntax
from dsl.chunks import rule_chunks, test_chunks
from dsl.parser import parse_file
from dsl.source import Source

test_chunks.__test__ = False  # type: ignore[attr-defined]  # a function of the parser, whose name looks like a test's


def pieces(text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in rule_chunks(text)]


def test_chunks_cover_the_whole_text():
    text = '# head\n\nwhen a send email "x"\nlet y = 1\n  # tail\n'

    assert "".join(pieces(text)) == text


@pytest.mark.parametrize(
    "word",
    [
        "when b exit",
        "every day at 9:00 for everyone exit",
        "on 2026-12-31 at 9:00",
        'rule "x"',
        "segment s means b",
        "define d means b",
        "let l = 1",
        'use "u"',
        "когда b",
        "сегмент s",
    ],
)
def test_an_item_word_begins_a_chunk(word: str):
    assert len(pieces(f"when a exit\n{word}")) == 2


def test_layout_has_no_meaning():
    written = 'rule "A"\n  when a\n  send email "x"\n\nwhen b\n  if c then\n    exit\n  end\n'
    flat = "\n".join(line.strip() for line in written.splitlines())
    indented = "\n".join(f"    {line}" for line in written.splitlines())

    parsed = [parse_file(Source("a", text)) for text in (written, flat, indented)]

    assert [found for _, found in parsed] == [[], [], []]
    assert parsed[0][0].items == parsed[1][0].items == parsed[2][0].items


def test_a_trigger_below_the_name_belongs_to_the_rule():
    (only,) = pieces('rule "A"\n\n# why\n when a exit')

    assert only.endswith("exit")


def test_a_trigger_beside_the_name_ends_the_waiting_for_one():
    assert len(pieces('rule "A" when a exit\nwhen b exit')) == 2


def test_a_word_of_an_item_in_a_text_or_a_comment_begins_nothing():
    assert len(pieces('when a send email "x\n" # y\n# when b\n')) == 1
    assert len(pieces('rule "when we met"\nwhen a exit')) == 1


def test_a_name_spelt_like_an_item_begins_nothing():
    text = 'when a send email "x" with\nrule = "y",\nsegment = "z"\nunless customer.\nlet is known\n'

    parsed, found = parse_file(Source("a.rules", text))

    assert (len(parsed.items), found) == (1, [])


def test_the_day_of_a_schedule_begins_nothing():
    text = 'every year\non 25 december at 9:00 for everyone send email "x"'

    parsed, found = parse_file(Source("a.rules", text))

    assert (len(parsed.items), found) == (1, [])


def test_an_indented_second_rule_is_a_rule_of_its_own():
    parsed, found = parse_file(Source("a.rules", 'when a send email "x"\n  when b send email "y"'))

    assert [type(item) for item in parsed.items] == [syntax.Rule, syntax.Rule]
    assert found == []


def test_a_broken_rule_leaves_the_others():
    text = 'when a send email "x"\nwhen ? ? ?\nwhen b send email "y"\nrule "C"\n  send "z"\nwhen d exit'

    parsed, found = parse_file(Source("a.rules", text))

    assert len(parsed.items) == 3
    assert [diagnostic.source.place(diagnostic.span.start).line for diagnostic in found] == [2, 4]


def test_each_case_of_a_test_file_is_a_chunk():
    text = 'test "a"\n  expect nothing\ntodo test "b"\nтест "c"\n  ожидаем ничего\n'

    assert [text[chunk.start :].split()[0] for chunk in test_chunks(text)] == ["test", "todo", "тест"]


def test_places_are_those_of_the_whole_file():
    source = Source("a.rules", '# 🙂\r\nwhen a send email "x"\r\n\r\nwhen b\r\n  sned email "y"\r\n')

    parsed, (found,) = parse_file(source)

    assert [source.slice(item.span).split()[1] for item in parsed.items] == ["a", "b"]
    assert source.slice(found.span) == "sned"
    assert source.place(found.span.start).line == 5


def test_places_behind_a_repair_are_those_of_the_file():
    source = Source("a.rules", 'when a sned email "x"\n  wiat 1 day\n  add tag "t"')

    parsed, _ = parse_file(source)

    (only,) = parsed.items
    assert isinstance(only, syntax.Rule)
    assert [source.slice(step.span) for step in only.steps] == ['sned email "x"', "wiat 1 day", 'add tag "t"']
