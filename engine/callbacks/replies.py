"""What somebody wrote to a number of ours, and whether it is a wish to be left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

LONGEST = 4096
#: Alone in a message they ask for silence: those of Twilio, and their like in Russian and German.
_LEAVING = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"}
    | {"стоп", "отписаться", "отписка", "stopp", "abmelden"}
)
#: They ask for messages again: https://help.twilio.com/articles/223134027 has START, YES and UNSTOP.
_RETURNING = frozenset({"start", "unstop", "старт"})
#: So does this, of somebody who has left; else it is an answer to what was asked.
_AGREEING = frozenset({"yes", "да", "ja"})

#: `agree`: to messages, if it comes from somebody who gets none; else to whatever was asked.
Wish: TypeAlias = Literal["none", "leave", "return", "agree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    id: str
    channel: str
    phone: str  # E.164
    text: str
    at: datetime
    wish: Wish = "none"
    provider: str = "twilio"


def wish_of(text: str) -> Wish:
    """Of a message that says one word and nothing else."""
    word = text.strip(" .!\"'«»").casefold()
    if word in _LEAVING:
        return "leave"
    if word in _RETURNING:
        return "return"
    return "agree" if word in _AGREEING else "none"
