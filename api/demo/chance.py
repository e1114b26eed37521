"""Chance that is the same on every machine: hashes of who and what, no random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_SCALE = float(1 << 64)


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for one customer. The same `what` draws the same number again."""

    seed: str

    def number(self, what: str) -> float:
        """From 0 up to, but not including, 1."""
        digest = blake2b(f"{self.seed}:{what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / _SCALE

    def happens(self, what: str, share: float) -> bool:
        return self.number(what) < share

    def between(self, what: str, low: float, high: float) -> float:
        return low + (high - low) * self.number(what)

    def choice(self, what: str, options: Sequence[T]) -> T:
        return options[int(self.number(what) * len(options))]

    def weighted(self, what: str, options: Sequence[tuple[T, float]]) -> T:
        """Weights need not add up to one."""
        left = self.number(what) * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]
