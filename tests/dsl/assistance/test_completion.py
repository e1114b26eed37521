from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dsl.assistance.completion import complete
from dsl.assistance.documents import read_document
from dsl.assistance.shapes import RULE_SHAPES, STEP_SHAPES, TEST_SHAPES
from dsl.assistance.view import View
from dsl.catalog import PromoPool
from dsl.parser import parse_file, parse_tests
from dsl.recovery.failure import Failure, attempt
from dsl.source import Source
from tests.dsl.assistance.desk import TESTS, accepted, at_cursor, completions, labels
from tests.dsl.shop import SHOP

EVENTS = {"cart_abandoned", "order_placed", "visit_booked", "checkout_started", "pinged", "ponged"}

#: Where the cursor stands, what must come first, and what must not be proposed at all.
PLACES = {
    "an empty file": ("|", ["when", "every", "on", "rule"], {"send", "where"}),
    "an event": ("when |", ["cart_abandoned"], {"after", "send", "event"}),
    "half an event": ("when cart_|", ["cart_abandoned"], {"order_placed"}),
    "behind an event": ("when cart_abandoned |", ["after"], {"is", "contains", "rule"}),
    "a filter": ("when cart_abandoned where |", ["event.cart_id"], {"order_placed", "10:00"}),
    "a property": ("when cart_abandoned where event.|", ["cart_id", "items", "skus", "total"], {"visit_at"}),
    "of several events": ("when cart_abandoned or checkout_started where event.|", ["cart_id", "total"], {"skus"}),
    "behind money": ("when cart_abandoned where event.total |", [">=", ">"], {"contains", "send", "and", "is yes"}),
    "an amount": ("when cart_abandoned where event.total >= |", ["1000 EUR"], {'"…"', "yes", "not", "reachable"}),
    "behind a list": ("when cart_abandoned where event.skus |", ["contains"], {">", "is", "in"}),
    "an attribute": ("when pinged only if customer.|", ["age", "balance", "birthday"], {"total"}),
    "behind a text": ("when pinged only if customer.city |", ["is", "is not"], {">", "between", "send"}),
    "behind a date": ("when pinged only if customer.birthday |", ["is"], {"contains", "starts with"}),
    "behind a flag": ("when pinged only if customer.subscribed |", ["is"], {">", "contains", "in"}),
    "a flag": ("when pinged only if customer.subscribed is |", ["no", "yes"], {'"…"', "customer.city"}),
    "values of an enumeration": ("when pinged only if customer.tier is |", ['"bronze"', '"gold"', '"silver"'], {"yes"}),
    "in a list of values": ("when pinged only if customer.tier in (|", ['"bronze"'], {"customer.city", "10:00"}),
    "half a value": ('when pinged only if customer.tier is "g|', ['"gold"'], {'"silver"'}),
    "a group of customers": ('use "common.rules"\nwhen pinged only if customer in |', ["vip"], {"reachable", "big"}),
    "a list": ('use "common.rules"\nwhen pinged only if customer.city in |', ["cities"], {"big", "reachable"}),
    "a condition": ('use "common.rules"\nwhen pinged only if |', ["reachable", "vip"], {"10:00", "send", "big"}),
    "behind a condition": ('use "common.rules"\nwhen pinged only if reachable |', ["and", "or"], {"is", ">"}),
    "history": ("when pinged only if count of |", sorted(EVENTS), {"customer.city"}),
    "inside history": (
        "when pinged only if count of order_placed where (|",
        ["cart_id", "kind", "order_id", "total"],
        {"event.n"},
    ),
    "behind history": ("when pinged only if count of order_placed in last 30 days |", [">="], {"contains", "send"}),
    "a channel": ("when pinged send |", ["email", "best"], {"sms", "cart"}),
    "a template": ("when pinged send email |", ['"cart"', '"coupon"', '"hello"'], {'"cart_sms"'}),
    "half a template": ('when pinged send email "c|"', ['"cart"', '"coupon"'], {'"hello"'}),
    "a variable": ('when pinged send email "promo" with |', ["discount"], {"cart_id"}),
    "a length of time": ("when pinged after |", ["1h"], {"monday", "1h ago"}),
    "a number begun": ("when pinged after 2|", ["2 min", "2h", "2 days"], {"1h"}),
    "the key of both": ("when cart_abandoned stop when order_placed with same |", ["cart_id"], {"skus"}),
    "arrived": ("when pinged wait for ponged up to 2 days if |", [], set()),
    "two words": ("when pinged\n  only i|", ["only if"], {"only first"}),
    "an open block": ("when pinged if customer.email is known then exit\n  |", ["end"], {"rule", "stop when"}),
    "the wrong keyboard layout": ("when pinged ыутв|", ["send"], set()),
    "schedules": ("every |", ["monday", "tuesday"], {"cart_abandoned"}),
    "no event in a schedule": ("every monday at 9:00 for |", [], {"event.total", "event"}),
    "steps on a new line": ("when pinged\n  send email \"cart\"\n  |", ["send", "wait"], {"only if", "stop when"}),
    "clauses on a new line": ("when pinged\n  |", [], {"is", "and"}),
    "a file": ("use |", ['"common.rules"'], {'"new.rules"'}),
    "a time zone": ("when pinged timezone |", ['"Europe/Berlin"'], set()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "first", "never"), PLACES.values(), ids=PLACES)
def test_what_is_valid_here_comes_first_and_what_is_not_stays_away(text: str, first: list[str], never: set[str]):
    proposed = labels(text)

    assert proposed[: len(first)] == first
    assert not never & set(proposed)


IN_TESTS = {
    "lines": ('test "x"\n  |', ["customer", "had"], {"send", "rule"}),
    "attributes": ('test "x"\n  customer anna with |', ["age", "balance"], {"id", "tags"}),
    "their values": ('test "x"\n  customer anna with tier = |', ['"bronze"', '"gold"', '"silver"'], {"yes"}),
    "an event": ('test "x"\n  at 2026-03-02 10:00 |', ["cart_abandoned"], {"send"}),
    "its properties": ('test "x"\n  at 10:00 order_placed with |', ["cart_id", "kind", "order_id", "total"], {"city"}),
    "those not given yet": ('test "x"\n  at 10:00 order_placed with kind = "web", |', ["cart_id"], {"kind"}),
    "an expected template": ('test "x"\n  expect email |', ['"cart"'], {'"cart_sms"'}),
}


@pytest.mark.parametrize(("text", "first", "never"), IN_TESTS.values(), ids=IN_TESTS)
def test_tests_are_completed_too(text: str, first: list[str], never: set[str]):
    proposed = labels(text, TESTS)

    assert proposed[: len(first)] == first
    assert not never & set(proposed)


IN_RUSSIAN = {
    "an item": ("|", ["когда", "каждый"], {"when"}),
    "steps": ("когда pinged\n  от|", ["отправить"], {"send", "on"}),
    "channels": ("когда pinged отправить |", ["письмо", "лучшим каналом"], {"email"}),
    "properties": ("когда cart_abandoned где событие.|", ["cart_id"], set()),
    "words of comparison": ("когда pinged\n  только если клиент.city |", ["равно", "не равно"], {"is", ">"}),
    "lengths of time": ("когда pinged через 2|", ["2 минуты", "2 часа", "2 дня"], {"2 days"}),
    "the first of two words": ("когда pinged\n  только |", ["только если", "только первые"], set()),
    "a word of the other language": ("когда pinged\n  sen|", ["отправить"], {"send"}),
}


@pytest.mark.parametrize(("text", "first", "never"), IN_RUSSIAN.values(), ids=IN_RUSSIAN)
def test_a_russian_file_is_completed_in_russian(text: str, first: list[str], never: set[str]):
    proposed = labels(f"# language: ru\n{text}")

    assert proposed[: len(first)] == first
    assert not never & set(proposed)


def test_definitions_are_proposed_where_their_file_is_used():
    assert "reachable" not in labels("when pinged only if |")
    assert "reachable" in labels('use "common.rules"\nwhen pinged only if |')


def test_arrived_is_proposed_after_a_wait_for_only():
    assert "arrived" in labels("when pinged wait for ponged up to 2 days if |")
    assert "arrived" not in labels("when pinged if |")


def test_a_clause_that_stands_once_is_not_proposed_again():
    assert "goal" in labels("when pinged\n  |")
    assert "goal" not in labels("when pinged\n  goal ponged within 3 days\n  |")


def test_a_mistake_in_the_lines_above_does_not_stop_it():
    proposed = labels('when pinged\n  sned email "cart"\n  wait 1 dday\n  send |')

    assert proposed[:1] == ["email"]


def test_what_follows_the_cursor_does_not_change_what_may_stand_at_it():
    assert labels('when |\n\nrule "B"\n  when pinged send email "cart"')[0] == "cart_abandoned"


def test_names_of_the_settings_are_proposed_where_they_belong():
    view, _, _ = at_cursor("when pinged exit|")
    catalog = replace(SHOP, pools={"BACK10": PromoPool()}, webhooks=("crm",), staff=("managers",))

    for text, name in (("issue promo ", "BACK10"), ("call ", "crm"), ('notify "', "managers")):
        document = read_document(Source("rules/new.rules", f"when pinged {text}"), "rules")
        found = complete(View(catalog, view.rules), document, len(document.source.text))

        assert [each.proposal.label for each in found] == [f'"{name}"']


def test_nothing_is_proposed_in_a_comment():
    assert labels("# when |") == []


def test_a_proposal_replaces_the_whole_word_and_its_quotes():
    assert accepted('when pinged send email "ca|"', '"cart"') == 'when pinged send email "cart"'
    assert accepted("when pin|ged send email", "pinged") == "when pinged send email"
    assert accepted("when pinged\n  only i|", "only if") == "when pinged\n  only if"
    assert accepted("когда pinged отправить письмо «ca|»", '"cart"') == 'когда pinged отправить письмо "cart"'


@pytest.mark.parametrize("text", [text for text, _, _ in PLACES.values()], ids=PLACES)
def test_the_parser_reads_on_behind_whatever_is_taken(text: str):
    for each in completions(text):
        before = text.replace("|", "", 1)[: each.span.start]
        outcome = attempt(before + _filled(each.proposal.written), "file")

        assert not isinstance(outcome, Failure) or outcome.at_end, (each.proposal.label, outcome.position)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("shape", [*RULE_SHAPES, *STEP_SHAPES], ids=lambda shape: shape.en[0])
def test_every_shape_of_a_rule_can_be_read(shape, language: str):
    text = _filled(getattr(shape, language)[1])
    before = {"en": "when pinged\n", "ru": "когда pinged\n"}[language] if shape in STEP_SHAPES else ""

    found = parse_file(Source("rules/x.rules", before + text))[1]

    assert found == []


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("shape", TEST_SHAPES, ids=lambda shape: shape.en[0])
def test_every_shape_of_a_test_can_be_read(shape, language: str):
    found = parse_tests(Source("rules/x.test.rules", _filled(getattr(shape, language)[1])))[1]

    assert found == []


def _filled(snippet: str) -> str:
    return re.sub(r"\$\{\d:?([^}]*)\}", r"\1", snippet)
