"""What customers of a drill do, and what they must get for it, read off the rules by hand. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple


class Due(NamedTuple):
    """A mail that somebody must get, once."""

    user_id: str
    template: str


@dataclass(frozen=True, slots=True)
class Story:
    """One customer's five events, sent together."""

    user_id: str
    orders: bool
    stars: int

    def items(self) -> Iterator[dict[str, Any]]:
        """As the event API takes them. Sent again, they have the same ids."""
        yield {"type": "identify", "traits": {"email": f"{self.user_id}@example.com"}, **self._ids("identify")}
        yield from (
            {"type": "track", "event": name, "properties": properties, **self._ids(name)}
            for name, properties in self.happenings()
        )

    def happenings(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "registered", {}
        yield "cart_left", {}
        yield ("order_placed" if self.orders else "page_viewed"), {}
        yield "review_left", {"stars": self.stars}

    def due(self) -> Iterator[Due]:
        templates = ["welcome", "receipt" if self.orders else "cart"]
        templates += ["thanks"] if self.stars >= 4 else ["sorry", "again"]
        yield from (Due(self.user_id, template) for template in templates)

    def _ids(self, name: str) -> dict[str, str]:
        return {"userId": self.user_id, "messageId": f"{self.user_id}-{name}"}


EVENTS_A_STORY = 5


def tell_stories(random: Random, *, first: int, count: int) -> list[Story]:
    return [Story(f"c{number}", random.random() < 0.5, random.randint(1, 5)) for number in range(first, first + count)]


def all_due(told: Iterable[Story]) -> Counter[Due]:
    return Counter(due for story in told for due in story.due())
