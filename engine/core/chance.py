"""Chance that can be repeated: numbers from a hash of what they are drawn for, the same when it is decided again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Chance:
    seed: bytes

    def uniform(self, what: str) -> float:
        """Above 0 and below 1."""
        digest = blake2b(what.encode(), key=self.seed[:64], digest_size=8).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**64

    def beta(self, a: float, b: float, what: str) -> float:
        """A draw from Beta(a, b), by two gammas."""
        one, other = self._gamma(a, f"{what} a"), self._gamma(b, f"{what} b")
        return one / (one + other)

    def _gamma(self, shape: float, what: str) -> float:
        """Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)."""
        if shape < 1:
            boost: float = self.uniform(f"{what} boost") ** (1 / shape)
            return max(self._gamma(shape + 1, what) * boost, 1e-300)
        d = shape - 1 / 3
        c = 1 / math.sqrt(9 * d)
        for turn in range(1000):
            x = self._normal(f"{what} {turn}")
            v = (1 + c * x) ** 3
            if v > 0 and math.log(self.uniform(f"{what} {turn} u")) < 0.5 * x * x + d - d * v + d * math.log(v):
                return d * v
        return d  # never: 19 in 20 turns end it

    def _normal(self, what: str) -> float:
        """Box and Muller."""
        radius = math.sqrt(-2 * math.log(self.uniform(f"{what} r")))
        return radius * math.cos(2 * math.pi * self.uniform(f"{what} t"))
