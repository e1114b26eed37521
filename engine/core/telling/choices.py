"""Why one of several channels was chosen, said for people."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.messages import Message, in_a_row, say
from engine.core.telling.shapes import Shape, said_by, shape

#: Each part between semicolons.
_CHOICE: Sequence[Shape] = (
    shape(r"no channel reaches the customer", lambda _: say("no channel reaches the customer")),
    shape(r"(\w+) delivered last", lambda found: say("{channel} delivered last", channel=found[1])),
    shape(r"(\w+) was agreed to", lambda found: say("{channel} was agreed to", channel=found[1])),
    shape(r"(\w+) comes first", lambda found: say("{channel} comes first", channel=found[1])),
    shape(
        r"only (\w+) reaches the customer", lambda found: say("only {channel} reaches the customer", channel=found[1])
    ),
    shape(r"(\w+) has no address", lambda found: say("{channel} has no address", channel=found[1])),
    shape(r"(\w+) was refused", lambda found: say("{channel} was refused", channel=found[1])),
)


def tell_choice(reason: str) -> Message:
    return in_a_row("; ", [said_by(_CHOICE, part) or part for part in reason.split("; ")])
