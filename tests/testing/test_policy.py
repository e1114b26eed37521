"""An evening cart waits for the morning, and becomes an SMS when its mail bounces."""

from __future__ import annotations

from dataclasses import replace

from dsl.catalog import Catalog, EventType
from dsl.compiler import compile_rules
from dsl.kinds import Kind
from dsl.parser import parse_file, parse_tests
from dsl.plan import Length, QuietHours, WorkspaceCap
from dsl.resolve import resolve
from dsl.source import Source
from engine.testing.cases.outcome import CaseResult
from engine.testing.cases.running import run_file
from engine.testing.reading.ground import Workspace
from tests.dsl.shop import SHOP, template

PLACE = Catalog(
    events={
        **SHOP.events,
        "cart_abandoned": EventType(name="cart_abandoned", properties={}),
        "email_bounced": EventType(name="email_bounced"),
    },
    attributes={**SHOP.attributes, "stage": Kind(name="text", optional=True)},
    templates={(each.channel, each.name): each for each in (template("cart"), template("cart_sms", channel="sms"))},
    channels=("email", "sms"),
    quiet_hours=QuietHours(start="22:00", end="09:00"),
    timezone="Europe/Moscow",
    currency="RUB",
)
RULES = """
rule "Abandoned cart"
  when cart_abandoned after 1h
  send email "cart" or sms "cart_sms"
  set customer.stage to "warm"
"""


def results(tests: str, *, rules: str = RULES, place: Catalog = PLACE) -> list[CaseResult]:
    file, mistakes = parse_file(Source("rules/cart.rules", rules))
    plan, found = compile_rules([file], place)
    assert plan is not None, [*mistakes, *found]
    cases, wrong = parse_tests(Source("rules/cart.test.rules", tests))
    assert wrong == []
    workspace = Workspace(plan=plan, catalog=place, names=resolve([file], place, []))
    return list(run_file(cases, workspace))


def said(result: CaseResult) -> list[str]:
    return [each.message for each in (*result.failures, *result.diagnostics)]


def test_an_evening_cart_waits_for_the_morning_then_sms_when_the_mail_bounces():
    [result] = results("""
test "evening cart waits for the morning, then SMS when the mail bounces"
  customer with email = "x@example.com", phone = "+70000000000"
  at 2026-03-02 21:30 cart_abandoned
  expect skipped email "cart" because "quiet hours"
  expect email "cart" at 2026-03-03 09:00
  at 2026-03-03 9:01 email_bounced
  expect sms "cart_sms" between 09:01 and 09:20
  at 2026-03-03 9:20 customer.city becomes "Moscow"
  expect customer.stage is "warm"
""")

    assert (result.status, said(result)) == ("passed", [])


def test_a_provider_that_refuses_lets_the_sms_follow_at_once():
    [result] = results("""
test "refused"
  customer with email = "x@example.com", phone = "+70000000000"
  template "cart" fails
  at 2026-03-02 12:00 cart_abandoned
  expect sms "cart_sms" at 13:00
  expect skipped email "cart" because "the provider refused it"
""")

    assert (result.status, said(result)) == ("passed", [])


def test_nobody_gets_it_twice_when_the_mail_arrives():
    [result] = results("""
test "arrives"
  customer with email = "x@example.com", phone = "+70000000000"
  at 2026-03-02 12:00 cart_abandoned
  expect email "cart" at 13:00
  expect no sms "cart_sms"
""")

    assert (result.status, said(result)) == ("passed", [])


def test_a_cap_of_the_workspace_says_why():
    place = replace(PLACE, caps=(WorkspaceCap(limit=1, per=Length(7, "day")),))

    [result] = results(
        """
test "capped"
  customer with email = "x@example.com"
  at 2026-03-02 12:00 cart_abandoned
  expect email "cart" at 13:00
  at 2026-03-04 12:00 cart_abandoned
  expect skipped email "cart" because "1 message per 7 days"
""",
        place=place,
    )

    assert (result.status, said(result)) == ("passed", [])
