"""W505: a circle of changes is told where it can go on, and not where it comes to rest by itself."""

from __future__ import annotations

import pytest

from dsl.source import Source
from tests.dsl.lint_shop import lint_rules

RICH = "segment rich means customer.balance > 100 EUR\n"


def is_told(text: str) -> bool:
    found = lint_rules(Source("rules/test.rules", text), {"entry": "lint", "path": "rules/test.rules"})
    assert not [each for each in found if each.code.startswith("E")]
    return any(each.code == "W505" for each in found)


@pytest.mark.parametrize(
    "text",
    [
        RICH + 'rule "A" when customer enters rich set customer.balance to 0 EUR',
        'rule "A" when customer.tier changes to "gold" set customer.tier to "silver"',
        'rule "A" when customer.tier changes set customer.tier to "gold"',
        'rule "A" when customer.city changes add tag "moved"',
        'segment new means customer.tags contains "new"\nrule "A" when customer enters new add tag "new"',
        'rule "A" when customer.tier changes set customer.city to "Kazan"\n\n'
        'rule "B" when customer.city changes set customer.tier to "gold"',
        'rule "A" when customer.points changes once per customer add 1 points',
    ],
)
def test_what_comes_to_rest_by_itself_is_not_told(text: str) -> None:
    assert not is_told(text)


@pytest.mark.parametrize(
    "text",
    [
        'rule "A" when customer.points changes add 1 points',
        'rule "A" when customer.orders changes increase customer.orders by 1',
        'rule "A" when customer.tier changes set customer.tier to "gold" wait 1 day set customer.tier to "silver"',
        'rule "A" when customer.city changes emit cart_updated with cart_id = "c"\n\n'
        'rule "B" when cart_updated then order_placed within 1h\n  increase customer.orders by 1\n\n'
        'rule "C" when customer.orders changes set customer.city to "Riga" wait 1 day\n'
        '  set customer.city to "Kazan"',
        'segment new means customer.tags contains "new"\n'
        'rule "A" when customer leaves new add tag "new" wait 1 day remove tag "new"',
        'segment new means customer.tags contains "new"\nsegment known means not customer in new\n'
        'rule "A" when customer enters known add tag "new" wait 1 day remove tag "new"',
    ],
)
def test_what_goes_to_and_fro_or_counts_is_told(text: str) -> None:
    assert is_told(text)
