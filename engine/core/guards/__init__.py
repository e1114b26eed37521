"""What can stop a message at the last moment: one guard a file, on facts read in the claim's own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from engine.core.guards.address import check_address
from engine.core.guards.cap import check_caps
from engine.core.guards.consent import check_consent
from engine.core.guards.facts import Block, Counted, MessageFacts
from engine.core.guards.no_repeats import check_repeats
from engine.core.guards.quiet_hours import check_quiet_hours
from engine.core.guards.run import check_run
from engine.core.guards.suppression import check_suppression

__all__ = ["GUARDS", "Block", "Counted", "Guard", "MessageFacts", "first_block"]

Guard: TypeAlias = Callable[[MessageFacts, datetime], Block | None]

#: The first that blocks gives the reason. What ended the run comes before what we know of the address, because it
#: explains more; a suppressed address comes before consent, because it holds for transactional messages too. Caps come
#: last: a cap counts what goes out on a day, so it is asked when the message would really go, after quiet hours.
GUARDS: tuple[Guard, ...] = (
    check_run,
    check_address,
    check_suppression,
    check_consent,
    check_quiet_hours,
    check_repeats,
    check_caps,
)


def first_block(facts: MessageFacts, now: datetime) -> Block | None:
    """Why this message may not go out at `now`, or None if it may."""
    for guard in GUARDS:
        block = guard(facts, now)
        if block is not None:
            return block
    return None
