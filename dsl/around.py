"""What lints may know besides the rules: today, the tests there are, and what was seen of the customers themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

#: Lints that are silent without numbers of the customers.
NEED_NUMBERS = frozenset({"W502", "W508", "W509", "W523", "W524", "W525", "W534", "W543", "W561"})


@dataclass(frozen=True, slots=True)
class Followed:
    """How often an event was followed by another of the same customer: `counts` by seconds, each within that time."""

    starts: int
    counts: tuple[tuple[int, int], ...] = ()

    def within(self, seconds: int) -> tuple[int, int] | None:
        """The longest time up to `seconds` that was counted, and its count."""
        known = [pair for pair in self.counts if pair[0] <= seconds]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Numbers of the last `days`, from a server or an export. What is missing is not known: it is not zero."""

    days: int = 30
    history_since: date | None = None  # the day of the oldest event kept
    customers: int | None = None
    events: Mapping[str, int] = field(default_factory=dict)
    doers: Mapping[str, int] = field(default_factory=dict)  # customers who did it at least once
    properties: Mapping[tuple[str, str], float] = field(default_factory=dict)  # (event, property): share that has it
    attributes: Mapping[str, float] = field(default_factory=dict)  # share of customers for whom it is known
    followed: Mapping[tuple[str, str], Followed] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)  # customers in it now
    promo_codes: Mapping[str, int] = field(default_factory=dict)  # codes left
    reachable: Mapping[str, float] = field(default_factory=dict)  # by channel: share who may be written to


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    today: date | None = None
    observed: Observed | None = None
    tested: frozenset[str] = frozenset()  # paths of the rule files that tests play
    complete: bool = True  # every file could be read: only then can something be unused
