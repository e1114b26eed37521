"""When a message that could not be handed over is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
#: As long as mail servers themselves keep trying (RFC 5321, section 4.5.4.1).
LIFETIME = timedelta(days=5)
_JITTER = 0.1


def next_attempt(
    message: UUID, attempts: int, *, first_due: datetime, now: datetime, after: timedelta | None = None
) -> datetime | None:
    """The time of the next attempt after `attempts` failed ones (at least 1), or None: its lifetime is over.

    1, 2, 4, 8 … minutes, at most 4 hours, each up to a tenth longer or shorter, the same for the same message and
    attempt; never sooner than `after`, if the provider asked for a pause. The last attempt is at the end of the
    lifetime, not after it.
    """
    end = first_due + LIFETIME
    if now >= end:
        return None
    doublings = min(max(attempts, 1) - 1, 20)
    wait: timedelta = min(FIRST_WAIT * int(2**doublings), LONGEST_WAIT)
    wait *= 1 + _JITTER * _spread(message, attempts)
    if after is not None:
        wait = max(wait, min(after, LIFETIME))
    return min(now + wait, end)


def _spread(message: UUID, attempts: int) -> float:
    """From -1 to 1, by hash: messages that failed together do not come back together."""
    digest = blake2b(message.bytes + attempts.to_bytes(4, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 0x7FFFFFFF - 1
