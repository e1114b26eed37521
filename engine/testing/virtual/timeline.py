"""What happened in a virtual world, in order, as a marketer would tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from dsl.plan import JSON
from engine.core.effects import OUTWARD
from engine.core.model import OutcomeState
from engine.core.record import record

#: The word of the language for what goes out by a channel, where it is not the channel's own.
SPOKEN = {"webhook": "call", "staff": "notify"}

#: A message that a stop overtook is taken back without a word to its run.
SentState: TypeAlias = OutcomeState | Literal["withdrawn"]


@record()
class SentMessage:
    """A message and what became of it."""

    at: datetime  # when it was settled
    due_at: datetime
    customer: str  # the key without its prefix
    channel: str
    template: str
    rule: str
    rule_set: int
    run: UUID
    step: int  # of its rule
    context: dict[str, JSON]
    state: SentState = "sent"
    reason: str | None = None

    @property
    def is_outward(self) -> bool:
        """A call or a note to the staff: nothing that a customer gets."""
        return self.channel in OUTWARD

    @property
    def spoken_channel(self) -> str:
        """The word of the language: `email`, `call`."""
        return SPOKEN.get(self.channel, self.channel)


@record()
class Entry:
    """One line of the timeline."""

    at: datetime
    customer: str
    what: str  # "event", "message", or what a note says: "started", "ended" …
    detail: str
    rule: str = ""
    line: int = 0
    about: Any = None  # the event, the message or the note itself

    def __str__(self) -> str:
        place = f" ({self.rule}:{self.line})" if self.rule and self.line else f" ({self.rule})" if self.rule else ""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.customer}: {self.what} {self.detail}{place}"
