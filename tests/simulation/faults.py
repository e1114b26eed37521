"""What goes wrong, and how often: drawn from the seed, never more than a seed has left."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, TypeAlias

#: `before`: it never reached the other side. `after`: it was done, and nobody here heard of it.
#: `late`: it was done, and the process stands still for longer than a lease before it hears so.
Fault: TypeAlias = Literal["crash before", "crash after", "lost before", "lost after", "timeout", "stall", "late"]

_OF_STATEMENTS: tuple[Fault, ...] = ("crash before", "crash after", "lost before", "lost after", "timeout", "stall")
_OF_COMMITS: tuple[Fault, ...] = ("crash before", "crash after", "lost before", "lost after", "lost after", "timeout")
_OF_HINTS: tuple[Fault, ...] = ("crash before", "crash after")
_OF_PROVIDERS: tuple[Fault, ...] = ("crash before", "crash after", "late", "late")
BY_KIND = {
    "statement": _OF_STATEMENTS,
    "written": _OF_STATEMENTS,  # a further one in a transaction that has written already
    "commit": _OF_COMMITS,
    "wake": _OF_HINTS,
    "sweep": _OF_HINTS,
    "provider": _OF_PROVIDERS,
}
#: How likely each kind is to go wrong, compared with a statement: there are many of these and few of the others.
_WEIGHT = {"statement": 1.0, "written": 1.0, "commit": 5.0, "wake": 2.0, "sweep": 0.3, "provider": 8.0}
#: That a statement goes wrong, and how much may go wrong in all.
_LIKELY = {"calm": 0.0, "light": 0.004, "rough": 0.012, "storm": 0.04}
_LEFT = {"calm": 0, "light": 3, "rough": 8, "storm": 16}
#: How much more likely where a seed's faults gather.
_GATHERED = 6.0


@dataclass
class Weather:
    """The faults of one seed."""

    chance: random.Random
    likely: float  # that a statement goes wrong
    left: int
    worst: str = ""  # the kind of gate at which this seed's faults gather
    only: str = ""  # how the names of the gates begin that anything goes wrong at
    drawn: int = 0

    @classmethod
    def of(cls, seed: int) -> Weather:
        chance = random.Random(f"weather {seed}")
        kind = chance.choice(("calm", "light", "light", "rough", "rough", "storm"))
        return cls(chance, _LIKELY[kind], _LEFT[kind], chance.choice(("", "", "written", "commit", "provider")))

    @classmethod
    def storm(cls, seed: int, worst: str, only: str) -> Weather:
        return cls(random.Random(f"storm {seed}"), _LIKELY["storm"], _LEFT["storm"], worst, only)

    def draw(self, kind: str, name: str) -> Fault | None:
        if not self.left or kind not in BY_KIND or not name.startswith(self.only):
            return None
        if self.chance.random() >= self.likely * _WEIGHT[kind] * (_GATHERED if kind == self.worst else 1.0):
            return None
        self._take()
        return self.chance.choice(BY_KIND[kind])

    def delays_hint(self) -> list[float]:
        """When a wake-up arrives, in seconds: not at all, once, or twice; one may overtake another."""
        if not self.likely:
            return [0.001]
        lot = self.chance.random()
        times = 0 if lot < 0.15 else 2 if lot < 0.5 else 1
        return [self.chance.choice((0.001, 0.001, 0.01, 0.2, 3.0)) * self.chance.random() for _ in range(times)]

    def strikes(self, likely: float) -> bool:
        """Some other thing that happens in bad weather."""
        if not self.left or not self.likely or self.chance.random() >= likely:
            return False
        self._take()
        return True

    def _take(self) -> None:
        self.left -= 1
        self.drawn += 1
