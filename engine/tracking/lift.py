"""What a rule brought, against customers who were kept out of it by lot."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.959963984540054  # 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    people: int
    converted: int

    @property
    def rate(self) -> float:
        return self.converted / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Rates are shares of people; the interval is of their difference, at 95 %."""

    treated: Group
    held_out: Group
    difference: float
    low: float
    high: float

    @property
    def is_proven(self) -> bool:
        """Either way: the interval leaves out that nothing changed."""
        return self.low > 0 or self.high < 0


def lift_of(treated: Group, held_out: Group) -> Lift | None:
    """Newcombe's interval by Wilson scores (Statistics in Medicine 17, 1998, method 10), which holds for small groups
    and for rates near 0, too. None: one of them is empty."""
    if not (treated.people and held_out.people):
        return None
    difference = treated.rate - held_out.rate
    low_t, high_t = wilson(treated)
    low_h, high_h = wilson(held_out)
    return Lift(
        treated=treated,
        held_out=held_out,
        difference=difference,
        low=difference - sqrt((treated.rate - low_t) ** 2 + (high_h - held_out.rate) ** 2),
        high=difference + sqrt((high_t - treated.rate) ** 2 + (held_out.rate - low_h) ** 2),
    )


def wilson(group: Group) -> tuple[float, float]:
    n, p = group.people, group.rate
    middle = p + _Z**2 / (2 * n)
    margin = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return max((middle - margin) / scale, 0.0), min((middle + margin) / scale, 1.0)
