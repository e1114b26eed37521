"""Test files over one small rule file of the shop: what a test of the test runner needs."""

from __future__ import annotations

from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.parser import parse_file, parse_tests
from dsl.resolve import resolve
from dsl.source import Source
from engine.testing.cases.outcome import CaseResult
from engine.testing.cases.running import run_file
from engine.testing.reading.ground import Workspace
from tests.dsl.shop import SHOP

PATH, TEST_PATH = "rules/cart.rules", "rules/cart.test.rules"

RULES = """
define grown_up means customer.age >= 18

rule "Cart"
  when cart_abandoned after 1h
  stop when order_placed
  once per event.cart_id per 7 days
  send email "cart"
  set customer.city to "reminded"
  wait 1 day
  send email "promo" with discount = 10%
  add tag "asked"

rule "Order"
  when order_placed
  transactional
  send email "order"

rule "Checkout"
  when checkout_started
  unless order_placed in last 30 days
  split "Second"
    45% "plain": send email "cart"
    45% "promo": send email "promo" with discount = 5%
    10% holdout
  end

rule "Visit"
  when visit_booked where event.coupon is known
  wait 2 years
  send email "cart"
"""


def workspace(rules: str = RULES) -> Workspace:
    file, mistakes = parse_file(Source(PATH, rules))
    plan, found = compile_rules([file], SHOP)
    assert plan is not None, [*mistakes, *found]
    return Workspace(plan=plan, catalog=SHOP, names=resolve([file], SHOP, []))


def run(tests: str, *, rules: str = RULES, title: str = "") -> list[CaseResult]:
    file, mistakes = parse_tests(Source(TEST_PATH, tests))
    assert mistakes == []
    return list(run_file(file, workspace(rules), run=title))


def failures(tests: str, *, rules: str = RULES) -> list[str]:
    """What a single test says when it fails: what is wrong, and why."""
    [result] = run(tests, rules=rules)
    assert result.diagnostics == (), [each.message for each in result.diagnostics]
    return [f"{each.message} | {each.why}" if each.why else each.message for each in result.failures]


def run_cases(source: Source) -> list[Diagnostic]:
    """The mistakes in tests that only running them shows."""
    file, mistakes = parse_tests(source)
    return mistakes + [each for result in run_file(file, workspace()) for each in result.diagnostics]
