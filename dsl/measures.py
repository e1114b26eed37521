"""Values that are written out, with what they are measured in, so that only like is compared with like."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from dsl import syntax

#: "number", "text", "date" or a currency, and how much.
Measure: TypeAlias = "tuple[str, Decimal | str]"


def measure_of(value: syntax.Value) -> Measure | None:
    """None: what it is worth is known only when a customer is looked at."""
    match value:
        case syntax.Number(value=number):
            return "number", number
        case syntax.Money(amount=amount, currency=currency):
            return currency, amount
        case syntax.Text(text=text):
            return "text", text
        case syntax.Date():
            return "date", value.value.isoformat()
    return None


def is_below(one: object, other: object) -> bool:
    """Of two amounts in the same measure: of numbers, or of texts by their letters."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one < other
    return isinstance(one, str) and isinstance(other, str) and one < other
