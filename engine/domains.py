"""Recipient domains as this process knows them. One that does not answer must not take the places of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.clock import monotonic

#: What came of a hand-over: `answered`, also with a refusal; `silent`: not taken, for reasons of the receiver.
Met: TypeAlias = Literal["answered", "silent", "nobody"]

#: Messages in hand at once of a domain that has not answered lately; each answer makes room for one more.
FIRST_WINDOW = 2
_MOST = 64
#: Silent ones in a row after which a domain is left alone for a while, twice as long each time.
_GIVES_UP_AFTER = 5
_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 600.0
#: In hand for longer without an answer, while others are answered: nothing more is sent there until one comes.
_STALLED_S = 1.0
_FORGOTTEN_S = 3600.0
_MOST_KNOWN = 20_000


@dataclass(slots=True)
class _Domain:
    window: int = FIRST_WINDOW
    in_hand: int = 0
    begun_at: float = 0.0  # the oldest one since the last answer
    silent: int = 0  # in a row
    pause_s: float = 0.0
    closed_until: float = 0.0
    used_at: float = 0.0


@dataclass(slots=True)
class Domains:
    """One per process: each learns by itself."""

    clock: Callable[[], float] = monotonic
    _known: dict[str, _Domain] = field(default_factory=dict)
    _answered_at: float = 0.0  # by any of them

    def waits_s(self, domain: str) -> float:
        """How long nothing should be sent there; 0: go on."""
        known = self._known.get(domain)
        if known is None:
            return 0.0
        now = self.clock()
        if known.closed_until > now:
            return known.closed_until - now
        if not known.in_hand:
            return 0.0
        if known.silent >= _GIVES_UP_AFTER:
            return known.pause_s  # one is on trial
        is_stalled = now - known.begun_at > _STALLED_S and self._answered_at > known.begun_at
        return min(now - known.begun_at, _PAUSE_S) if is_stalled else 0.0

    def has_room(self, domain: str, also: int = 0) -> bool:
        """For one more besides `also` others that are about to begin."""
        known = self._known.get(domain)
        return also + (known.in_hand if known else 0) < (known.window if known else FIRST_WINDOW)

    def is_on_trial(self, domain: str) -> bool:
        """It was left alone, and one message may try whether it is back."""
        known = self._known.get(domain)
        return known is not None and known.silent >= _GIVES_UP_AFTER

    def began(self, domain: str) -> None:
        if not domain:
            return
        if len(self._known) > _MOST_KNOWN:
            self._forget()
        known = self._known.setdefault(domain, _Domain())
        known.used_at = self.clock()
        if not known.in_hand:
            known.begun_at = known.used_at
        known.in_hand += 1

    def ended(self, domain: str, met: Met) -> None:
        known = self._known.get(domain)
        if known is None:
            return
        known.in_hand = max(known.in_hand - 1, 0)
        now = self.clock()
        if met == "answered":
            self._answered_at = now
            known.window = min(known.window + 1, _MOST)
            known.begun_at, known.silent, known.pause_s, known.closed_until = now, 0, 0.0, 0.0
        elif met == "silent":
            known.window = max(known.window // 2, 1)
            known.silent += 1
            if known.silent >= _GIVES_UP_AFTER and known.closed_until <= now:
                known.pause_s = min(max(known.pause_s * 2, _PAUSE_S), _LONGEST_PAUSE_S)
                known.closed_until = now + known.pause_s

    def _forget(self) -> None:
        now = self.clock()
        self._known = {
            name: each for name, each in self._known.items() if each.in_hand or now - each.used_at < _FORGOTTEN_S
        }
