"""Gives promo codes to decisions: codes are locked, the customer is decided again with them, and what was used is
issued when the batch is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.core.effects import Effects
from engine.core.model import Facts, PromoCode
from engine.storage.database import Connection
from engine.storage.runs.promo_codes import hold_codes


@dataclass(slots=True)
class ShortOfCodes:
    """A decision that wanted codes which were not among its facts. `decide` is pure, so it may be asked again."""

    facts: Facts
    effects: Effects
    decide: Callable[[Facts], Effects]


async def with_codes(connection: Connection, shorts: Sequence[ShortOfCodes], held: set[str]) -> None:
    """Decide each again until it wants no more codes, or its pools are empty.

    Each round is one statement for all of them. There are as many rounds as one customer gets codes in this batch.
    `held`: codes given in this transaction that are not written yet. Those of this call are added to it.
    """
    waiting = list(shorts)
    while waiting:
        wanted: Counter[str] = Counter()
        for short in waiting:
            wanted.update(short.effects.short_of)
        found = await hold_codes(connection, wanted, held)
        held.update(code.code for codes in found.values() for code in codes)
        waiting = [short for short in waiting if _serve(short, found)]


def _serve(short: ShortOfCodes, found: dict[str, list[PromoCode]]) -> bool:
    """Whether it needs another round. False also when its pools are empty: then the decision without codes stands."""
    codes = dict(short.facts.codes)
    got = 0
    for pool, number in short.effects.short_of.items():
        given, found[pool] = found[pool][:number], found[pool][number:]
        codes[pool] = (*codes.get(pool, ()), *given)
        got += len(given)
    if not got:
        return False
    short.facts = replace(short.facts, codes=codes)
    short.effects = short.decide(short.facts)
    return bool(short.effects.short_of)
