"""W536 knows a birthday by its name or its title, and leaves other dates alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsl.around import Around
from dsl.compiler import compile_rules
from dsl.kinds import Kind
from dsl.parser import parse_file
from dsl.source import Source
from tests.dsl.shop import SHOP


@pytest.mark.parametrize(
    ("name", "kind", "is_told"),
    [
        ("birth_date", Kind(name="date"), True),
        ("dob", Kind(name="date"), True),
        ("dr", Kind(name="date", title={"ru": "день рождения"}), True),
        ("birth_date", Kind(name="date", repeats="yearly"), False),
        ("contract_ends", Kind(name="date"), False),
        ("adobe_since", Kind(name="date"), False),
    ],
)
def test_a_birthday_that_comes_once_is_told(name: str, kind: Kind, is_told: bool) -> None:
    catalog = replace(SHOP, attributes={**SHOP.attributes, name: kind})
    file, _ = parse_file(Source("rules/a.rules", f'when customer.{name} at 10:00 send email "cart"'))

    _, found = compile_rules([file], catalog, Around())

    assert ("W536" in [each.code for each in found]) is is_told
