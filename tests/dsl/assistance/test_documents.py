from __future__ import annotations

from random import Random

import pytest

from dsl.assistance.documents import read_document
from dsl.parser import MOST_EXPLAINED, parse_file, parse_tests
from dsl.source import Source
from dsl.walk import walk
from tests.dsl.assistance.desk import COMMON

RULES = f"""\
# What several rules share.
{COMMON}
rule "A"
  when cart_abandoned where event.total > 10 EUR after 1h
  only if customer.city in cities
  send email "cart"

when pinged sned email "hello"

rule "Бета 🎉"
  when pinged
  split "t"
    50% "x": send email "cart"
    50% holdout
  end
"""
TESTS = """\
test "one"
  customer anna with email = "a@example.com"
  at 2026-03-02 10:00 pinged with n = 3
  expect email "cart"

test "two" open
  expect nothing until 10:00
"""
PIECES = ("x", "\n", " ", '"', "rule", "\n\nwhen pinged exit\n", "🎉", "если", "end", "#", "1h", "customer.", "")


@pytest.mark.parametrize(("text", "kind"), [(RULES, "rules"), (TESTS, "tests")], ids=["rules", "tests"])
def test_after_any_edits_it_is_what_the_whole_file_read_anew_would_be(text: str, kind):
    draw = Random(7)
    document = read_document(Source("rules/a.rules", text), kind)

    for _ in range(150):
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.choice((0, 0, 1, 4, 30)))
        text = text[:start] + draw.choice(PIECES) + text[end:]
        document = read_document(Source("rules/a.rules", text), kind, document)

        anew, found = (parse_tests if kind == "tests" else parse_file)(document.source)
        items = anew.cases if kind == "tests" else anew.items
        assert document.items == items
        assert [node.span for node in walk(document.items)] == [node.span for node in walk(items)]
        assert sorted(map(_told, document.found)) == sorted(map(_told, found))
        if len(text) > 4000:
            text = text[:1500]


def _told(finding) -> tuple[object, ...]:
    edits = [(edit.span, edit.text) for fix in finding.fixes for edit in fix.edits]
    return (finding.span, finding.code, str(finding.message), [label.span for label in finding.labels], edits)


def test_only_what_changed_is_parsed_again():
    before = read_document(Source("rules/a.rules", RULES), "rules")

    after = read_document(Source("rules/a.rules", RULES.replace("after 1h", "after 22h")), "rules", before)

    old = {id(piece.birth) for piece in before.pieces}
    assert [piece.text.split()[1] for piece in after.pieces if id(piece.birth) not in old] == ['"A"']


def test_a_file_of_nothing_but_mistakes_is_read_as_the_checker_reads_it():
    text = "when when when\n" * (MOST_EXPLAINED + 20)

    document = read_document(Source("rules/a.rules", text), "rules")

    assert list(document.found) == parse_file(document.source)[1]


def test_an_empty_file_has_no_pieces():
    document = read_document(Source("rules/a.rules", ""), "rules")

    assert (document.items, document.found, document.piece_at(0)) == ((), (), None)
