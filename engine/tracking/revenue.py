"""What an event was worth, from its properties."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

#: Where the worth is looked for when kogda.yaml does not say.
GUESSES = ("revenue", "total", "value", "amount", "price")
_MOST = Decimal(10) ** 15


def revenue_of(
    properties: Mapping[str, Any], named: str | None, currency: str | None
) -> tuple[Decimal | None, str | None]:
    """Amount and currency. `currency`: the workspace's, for amounts without one."""
    for name in (named,) if named else GUESSES:
        found = _amount(properties.get(name))
        if found is not None:
            own = properties.get(name)
            said = own.get("currency") if isinstance(own, Mapping) else properties.get("currency")
            return found, said if isinstance(said, str) and said else currency
    return None, None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, Mapping):
        value = value.get("amount")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < _MOST else None
