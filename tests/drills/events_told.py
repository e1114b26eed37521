"""The stories of `kogda drill` as events, for drills that store them without the API."""

from __future__ import annotations

from collections.abc import Sequence

from api.drill.stories import Story
from api.ingest.items import Envelope, events_of
from engine.storage.events.events_in import NewEvent
from tests.engine.flow.shop import Shop


def events_told(shop: Shop, stories: Sequence[Story]) -> list[NewEvent]:
    now = shop.runtime.clock()
    envelope = Envelope(source="drill", received_at=now, partitions=shop.partitions, max_event_bytes=30_000)
    return [event for story in stories for item in story.items() for event in events_of(dict(item), envelope)]
