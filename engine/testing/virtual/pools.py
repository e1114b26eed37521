"""Pools of promo codes in memory: without end, unless a test says how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.core.effects import PromoIssue
from engine.core.model import PromoCode


@dataclass(slots=True)
class Pools:
    """Free codes come in order: "BACK10-1", "BACK10-2" …"""

    stock: dict[str, list[PromoCode]] = field(default_factory=dict)  # of pools that have an end
    issued: list[PromoIssue] = field(default_factory=list)
    _taken: set[tuple[str, str]] = field(default_factory=set)
    _first: dict[str, int] = field(default_factory=dict)  # of a pool without end, the number of its first free code

    def fill(self, pool: str, *codes: str) -> None:
        """From now on the pool has these, and then none."""
        self.stock[pool] = [PromoCode(code=code) for code in codes]

    def enough(
        self, held: Mapping[str, tuple[PromoCode, ...]], short_of: Mapping[str, int]
    ) -> dict[str, tuple[PromoCode, ...]] | None:
        """What is held and as much more of it as is wanted, as far as there is any; None: nothing is left."""
        after = {
            **held,
            **{pool: self._free(pool, len(held.get(pool, ())) + wanted) for pool, wanted in short_of.items()},
        }
        return after if any(len(after[pool]) > len(held.get(pool, ())) for pool in short_of) else None

    def issue(self, issues: Iterable[PromoIssue]) -> None:
        for each in issues:
            self.issued.append(each)
            self._taken.add((each.pool, each.code))

    def _free(self, pool: str, wanted: int) -> tuple[PromoCode, ...]:
        if pool in self.stock:
            return tuple([each for each in self.stock[pool] if (pool, each.code) not in self._taken][:wanted])
        number = self._first.get(pool, 1)
        while (pool, f"{pool}-{number}") in self._taken:
            number += 1
        self._first[pool] = number
        return tuple(PromoCode(code=f"{pool}-{each}") for each in range(number, number + wanted))
