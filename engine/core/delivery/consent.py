"""What a customer agreed to, and how each word of it came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from engine.core.identity import derived_id

#: `asked`: somebody said yes for the customer, and a mail asks whether it is true (double opt-in).
How: TypeAlias = Literal[
    "identify",
    "asked",
    "double opt-in",
    "unsubscribe link",
    "one-click",
    "preferences page",
    "taken back",
    "console",
    "reply",
    "mail",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry:
    """One line of the history. `what` is a channel or a topic, as in `customer.consent`."""

    id: UUID
    at: datetime
    what: str
    given: bool | None  # None: nothing is said any more, or only asked
    how: How
    message: UUID | None = None  # the mail with the link that was followed
    detail: dict[str, str] = field(default_factory=dict)


def entries_between(
    before: Mapping[str, bool], after: Mapping[str, bool], *, event: UUID, at: datetime
) -> Iterator[ConsentEntry]:
    """What an app changed with one event."""
    for what in dict.fromkeys((*before, *after)):
        if before.get(what) is not after.get(what):
            yield ConsentEntry(
                id=derived_id("consent", event.hex, what), at=at, what=what, given=after.get(what), how="identify"
            )


def told(
    before: Mapping[str, bool], chosen: Mapping[str, str], words: Mapping[str, object], at: datetime
) -> dict[str, bool]:
    """Consent after an app has told it, channel by channel: the others stay as they are, None takes a word back.

    What customers said by their own hand (`chosen`) is not changed by what an app knew before that, and a refusal by
    hand not by what an app says at all: many tell with every visit what they once stored. `{"chosen": true}` says
    that the customer has pressed it now.
    """
    after = dict(before)
    for what, word in words.items():
        by_hand = isinstance(word, dict)
        given = word.get("chosen") if isinstance(word, dict) else word
        since = chosen.get(what)
        if since is not None:
            is_refused = before.get(what) is False and given is not False
            if at <= datetime.fromisoformat(since) or (is_refused and not by_hand):
                continue
        if given is None and not by_hand:
            after.pop(what, None)
        elif isinstance(given, bool):
            after[what] = given
    return after


def pressed(chosen: Mapping[str, str], words: Mapping[str, object], at: datetime) -> dict[str, str]:
    """When the customer chose by hand, after an app has told of a press in a form of its own."""
    after = dict(chosen)
    for what, word in words.items():
        if isinstance(word, dict) and isinstance(word.get("chosen"), bool):
            since = chosen.get(what)
            if since is None or datetime.fromisoformat(since) < at:
                after[what] = at.isoformat()
    return after


def asked_mark(what: str) -> str:
    """In `chosen`, when the customer was asked to confirm it."""
    return f"asked:{what}"


def later(one: Mapping[str, str], other: Mapping[str, str]) -> frozenset[str]:
    """Of what was chosen in both, and in `one` alone, what was chosen later in `one`."""
    return frozenset(
        what
        for what, at in one.items()
        if what not in other or datetime.fromisoformat(at) > datetime.fromisoformat(other[what])
    )
