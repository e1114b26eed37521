"""Hover, definitions, references, renaming, outline, colours."""

from __future__ import annotations

import pytest

from dsl.assistance.colours import coloured
from dsl.assistance.definitions import homes, references
from dsl.assistance.documents import Document
from dsl.assistance.hover import hover
from dsl.assistance.outline import lenses, outline
from dsl.assistance.renaming import CannotRename, rename
from dsl.assistance.view import View
from tests.dsl.assistance.desk import COMMON, PATH, TESTS, at_cursor, opened

RULE = """\
use "common.rules"
rule "Left cart 🎉"
  when cart_abandoned where event.total > big after 1h
  only if reachable and customer in vip and customer.tier is "gold"
  stop when order_placed with same cart_id
  send email "promo" with discount = 10%
  add tag "warm"
  split "Second"
    50% "plain": send email "cart"
    50% holdout
  end
"""
TEST = """\
test "left"
  customer anna with tier = "gold"
  split "Second" takes "plain"
  at 2026-03-02 10:00 cart_abandoned with cart_id = "1", total = 20 EUR
  expect tag "warm" for anna
"""

HOVERS = {
    "an event": ("cart_aba|ndoned", ["**cart_abandoned**", "`total`: money", "the key", "cancelled by `order_placed`"]),
    "a property": ("event.to|tal", ["`event.total`: money", "of `cart_abandoned`"]),
    "an attribute": ("customer.ti|er", ['"bronze" | "silver" | "gold"']),
    "a constant": ("> bi|g", ["let big = 100 EUR", "constant, rules/common.rules:1"]),
    "a condition": ("reach|able", ["define reachable means", "condition"]),
    "a segment": ("in vi|p", ['segment vip means customer.tier is "gold"', "segment"]),
    "a template": ('"pro|mo"', ["templates/email/promo.html", "it reads `discount`"]),
    "a word of the language": ("stop wh|en", ["**stop when**", "Ends the run at once"]),
}


def here(mark: str, text: str = RULE, path: str = PATH) -> tuple[View, Document, int]:
    """The cursor stands where `mark` has its `|`."""
    plain = mark.replace("|", "")
    assert text.count(plain) >= 1, plain
    return at_cursor(text.replace(plain, mark, 1), path)


@pytest.mark.parametrize(("mark", "said"), HOVERS.values(), ids=HOVERS)
def test_hover_says_what_it_is(mark: str, said: list[str]):
    view, document, offset = here(mark)

    found = hover(view, document, offset)

    assert found is not None
    assert [each for each in said if each not in found.text] == []
    assert document.source.slice(found.span).startswith(mark.replace("|", "").split()[0].split(".")[0][:2]) or (
        document.source.slice(found.span) in mark.replace("|", "")
    )


def test_hover_works_in_an_item_that_cannot_be_read():
    view, document, offset = at_cursor("when cart_abandoned wehre customer.ti|er > >\n  send")

    found = hover(view, document, offset)

    assert found is not None
    assert '"gold"' in found.text


def test_hover_speaks_the_language_of_the_file():
    view, document, offset = at_cursor('# language: ru\nкогда pinged прекра|тить при ponged отправить письмо "cart"')

    found = hover(view, document, offset)

    assert found is not None
    assert found.text.startswith("**прекратить при**\n\nСразу и насовсем")


def test_hover_says_nothing_of_plain_text():
    view, document, offset = at_cursor("# cart_aban|doned\nwhen pinged exit")

    assert hover(view, document, offset) is None


def test_definitions_lead_to_other_files():
    view, document, offset = here("reach|able")

    [home] = homes(view, document, offset)

    assert home.source.path == "rules/common.rules"
    assert home.source.slice(home.span) == "reachable"


def test_a_template_leads_to_its_file_and_use_to_the_file_used():
    [template] = homes(*here('"pro|mo"'))
    [used] = homes(*here('use "com|mon.rules"'))

    assert template.source.path == "templates/email/promo.html"
    assert used.source.path == "rules/common.rules"


def test_references_are_found_in_all_files():
    view = opened({"rules/common.rules": COMMON, PATH: RULE, TESTS: TEST})
    document = view.rules[PATH]

    found = references(view, document, RULE.index('"warm"') + 2)

    assert [(home.source.path, home.source.slice(home.span)) for home in found] == [(PATH, "warm"), (TESTS, "warm")]


def test_one_name_in_two_files_that_do_not_see_each_other_is_two_names():
    other = "let big = 5 EUR\nwhen cart_abandoned where event.total > big exit\n"
    view = opened({"rules/common.rules": COMMON, PATH: RULE, "rules/other.rules": other})

    changed = rename(view, view.rules[PATH], RULE.index("big"), to="large")

    assert set(changed.edits) == {"rules/common.rules", PATH}


RENAMES = {
    "a constant": ("> bi|g", "large", {"rules/common.rules": 1, PATH: 1}),
    "a segment": ("in vi|p", "best_ones", {"rules/common.rules": 1, PATH: 1}),
    "a rule": ('"Left cart 🎉|"', "Cart", {PATH: 1}),
    "a split, also in tests": ('split "Sec|ond"', "Third", {PATH: 1, TESTS: 1}),
    "an arm, also in tests": ('"pla|in"', "simple", {PATH: 1, TESTS: 1}),
    "a tag, also in tests": ('"wa|rm"', "hot", {PATH: 1, TESTS: 1}),
}


@pytest.mark.parametrize(("mark", "to", "counts"), RENAMES.values(), ids=RENAMES)
def test_renaming_changes_every_mention(mark: str, to: str, counts: dict[str, int]):
    _, _, offset = here(mark)
    view = opened({"rules/common.rules": COMMON, PATH: RULE, TESTS: TEST})

    changed = rename(view, view.rules[PATH], offset, to=to)

    assert {path: len(edits) for path, edits in changed.edits.items()} == counts
    old = {view.document(path).source.slice(edit.span) for path, edits in changed.edits.items() for edit in edits}  # type: ignore[union-attr]
    assert len(old) == 1


def test_a_template_is_renamed_with_its_files():
    _, _, offset = here('"pro|mo"')
    view = opened({"rules/common.rules": COMMON, PATH: RULE})

    changed = rename(view, view.rules[PATH], offset, to="gift")

    assert changed.templates == (("email/promo", "email/gift"),)
    assert len(changed.edits[PATH]) == 1


NOT_RENAMED = {
    "an event": ("cart_aba|ndoned", "cart_left", "the application"),
    "an attribute": ("customer.ti|er", "level", "the application"),
    "to a name that is taken": ("> bi|g", "cities", "already"),
    "to an event's name": ("> bi|g", "pinged", "already"),
    "to something that is no name": ("> bi|g", "very big", "letters of one alphabet"),
    "to mixed letters": ("> bi|g", "саrt", "letters of one alphabet"),
    "a template to one that exists": ('"pro|mo"', "cart", "already"),
    "a text with quotes": ('"wa|rm"', 'so "warm"', "no quotes"),
}


@pytest.mark.parametrize(("mark", "to", "why"), NOT_RENAMED.values(), ids=NOT_RENAMED)
def test_what_must_not_be_renamed_is_refused_with_the_reason(mark: str, to: str, why: str):
    with pytest.raises(CannotRename, match=why):
        rename(*here(mark), to=to)


def test_the_outline_has_rules_with_their_splits_definitions_and_tests():
    view = opened({"rules/common.rules": COMMON, PATH: RULE, TESTS: TEST})

    definitions = [(each.kind, each.name) for each in outline(view.rules["rules/common.rules"])]
    _, rule = outline(view.rules[PATH])
    [test] = outline(view.tests[TESTS])

    assert definitions == [
        ("constant", "big"), ("constant", "cities"), ("definition", "reachable"), ("segment", "vip"),
    ]  # fmt: skip
    assert (rule.name, [each.name for each in rule.children]) == ("Left cart 🎉", ["Second"])
    assert [each.name for each in rule.children[0].children] == ["plain", "50%"]
    assert (test.kind, test.name) == ("test", "left")


def test_a_rule_with_a_name_can_be_tested_simulated_and_explained():
    view = opened({PATH: RULE + "\nwhen pinged exit\n", TESTS: TEST})

    assert [(each.command, each.subject) for each in lenses(view.rules[PATH])] == [
        ("test", "Left cart 🎉"), ("simulate", "Left cart 🎉"), ("explain", "Left cart 🎉"),
    ]  # fmt: skip
    assert [(each.command, each.subject) for each in lenses(view.tests[TESTS])] == [("test", "left")]


def test_names_are_coloured_by_what_they_are():
    view = opened({"rules/common.rules": COMMON, PATH: RULE})

    found = {RULE[each.span.start : each.span.end]: each.colour for each in coloured(view, view.rules[PATH])}

    assert found == {
        "cart_abandoned": "event", "total": "property", "big": "variable", "reachable": "variable", "vip": "class",
        "tier": "property", "order_placed": "event", "cart_id": "property", "promo": "function",
        "discount": "variable", "cart": "function",
    }  # fmt: skip
