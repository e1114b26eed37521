"""Which arm of a split a customer takes: by hash, so it never changes, and a moved border moves only its neighbours."""

from __future__ import annotations

from uuid import UUID

from dsl import plan
from engine.core.identity import derived_id

_PARTS = 10_000


def arm_of(split: plan.Split, rule: str, customer: UUID) -> plan.Arm:
    place = place_of(rule, split.name, customer)
    for arm in split.arms:
        place -= arm.share
        if place < 0:
            return arm
    return split.arms[-1]


def place_of(rule: str, split: str, customer: UUID) -> int:
    """0 to 9,999, the same for ever."""
    return int.from_bytes(derived_id("split", rule, split, customer.hex).bytes[:8], "big") % _PARTS
