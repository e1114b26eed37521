"""`increase customer.visits by 1`, `decrease customer.balance by 5 EUR`."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from dsl import plan
from dsl.plan import JSON
from engine.core import values
from engine.core.runs.deeds import Deed, Scene

#: Beyond it a JSON number is not exact any more.
_LARGEST = 2**53
_LARGEST_AMOUNT = 10**24  # millionths


def change_number(step: plan.ChangeNumber, scene: Scene) -> Deed:
    """Exact, in decimals. What is missing, or is no number, counts as 0; without an amount nothing changes."""
    count = _changed_money if scene.kinds.get(step.name) == "money" else _changed_number
    after = count(step, scene)
    verb = "increase" if step.sign > 0 else "decrease"
    if after is None:
        return Deed(what="changed", detail=f"{verb} customer.{step.name}: no amount that can be counted")
    attributes = {**scene.customer.attributes, step.name: after}
    written = json.dumps(after, ensure_ascii=False)
    return Deed(
        what="changed",
        detail=f"customer.{step.name} = {written}",
        customer=replace(scene.customer, attributes=attributes),
    )


def _changed_number(step: plan.ChangeNumber, scene: Scene) -> JSON:
    by = values.number(scene.value(step.by))
    if by != by:
        return None
    before = values.number(scene.attributes.get(step.name))
    sum_ = (_exact(before) if before == before else Fraction(0)) + step.sign * _exact(by)
    if abs(sum_) > _LARGEST:
        return None
    return sum_.numerator if sum_.denominator == 1 else float(sum_)


def _exact(number: values.Number) -> Fraction:
    """As it is written: 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))


def _changed_money(step: plan.ChangeNumber, scene: Scene) -> JSON:
    """Amounts of another currency than the balance has are not counted."""
    beside = scene.event if isinstance(step.by, plan.Property) else {}
    by = values.money(scene.value(step.by), beside, scene.currency)
    if by is None:
        return None
    before = values.money(scene.attributes.get(step.name), {}, scene.currency) or (by[0], 0)
    millionths = Fraction(before[1]) + step.sign * Fraction(by[1])
    if before[0] != by[0] or abs(millionths) > _LARGEST_AMOUNT:
        return None
    return {"amount": _written(millionths), "currency": by[0]}


def _written(millionths: Fraction) -> str:
    """At least two decimals where there are any: 12, 12.50, 12.345."""
    places = 6
    while (millionths * 10 ** (places - 6)).denominator != 1:
        places += 1
    digits = int(abs(millionths) * 10 ** (places - 6))
    whole, part = divmod(digits, 10**places)
    decimals = str(part).rjust(places, "0").rstrip("0")
    sign = "-" if millionths < 0 else ""
    return f"{sign}{whole}.{decimals.ljust(2, '0')}" if decimals else f"{sign}{whole}"
