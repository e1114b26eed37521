"""How much is in hand: what a further request would wait for, and what fills memory meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

from engine.errors import Overloaded

SMALL_BYTES = 4 * 1024  # about one event: a page that is being left cannot send it again, and connections are limited
MAX_ARRIVING_BYTES = 32 * 1024 * 1024  # of bodies whose end has not come yet


class InHand:
    """The bytes of bodies that are being read and stored, and of those that still arrive. One per process.

    Who is refused at once is served sooner by coming back than by waiting in a line that only grows.
    """

    def __init__(self, most_bytes: int, *, most_arriving: int = MAX_ARRIVING_BYTES) -> None:
        self.bytes = 0  # whole, unpacked, not answered yet
        self.arriving = 0
        self._most_bytes = most_bytes
        self._most_arriving = most_arriving
        self._pauses = cycle((1, 2, 3))  # seconds: those who are refused together shall not come back together

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Raises Overloaded when there is enough to do already: more than is allowed, and more than this body itself,
        so that its answer takes twice as long as alone at most."""
        if size > SMALL_BYTES and self.bytes >= max(self._most_bytes, size):
            reason = "more events arrive than can be stored; what was stored before is not affected"
            raise Overloaded(reason, next(self._pauses), short_of="room")
        self.bytes += size
        try:
            yield
        finally:
            self.bytes -= size

    def arrives(self, size: int) -> None:
        """A part of a body. Whoever calls this says `arrived` when the body is whole, or given up."""
        if self.arriving + size > self._most_arriving:
            raise Overloaded("too many large bodies arrive at once", next(self._pauses), short_of="memory")
        self.arriving += size

    def arrived(self, size: int) -> None:
        self.arriving -= size
