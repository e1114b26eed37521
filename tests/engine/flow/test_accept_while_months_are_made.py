"""A month that is attached while events come in costs a second try, never an event."""

from __future__ import annotations

import pytest

from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from tests.engine.flow.shop import Shop, open_shop


async def let_default_refuse(shop: Shop) -> None:
    """As PostgreSQL does when the partition that an event was routed to has just lost its month."""
    for row in await shop.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'event'::regclass"
    ):
        if row["name"].startswith("event_2"):
            await shop.execute(f"ALTER TABLE event DETACH PARTITION {row['name']}")
    await shop.execute("ALTER TABLE event_default ADD CONSTRAINT attached CHECK (false) NOT VALID")


async def test_a_good_event_on_its_way_to_the_default_partition_is_no_reject(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        writer = EventWriter(shop.runtime.database, shop.runtime.waker)
        await let_default_refuse(shop)

        with pytest.raises(Overloaded):
            await writer.accept([shop.event("1", "registered"), shop.event("2", "registered")])

        await writer.close()
        assert await shop.value("SELECT count(*) FROM reject") == 0


async def test_it_is_stored_by_the_second_try(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        writer = EventWriter(shop.runtime.database, shop.runtime.waker)
        await let_default_refuse(shop)
        # Deferred to the second statement: a sequence counts on although the first one is rolled back.
        await shop.execute("CREATE SEQUENCE tries")
        await shop.execute("ALTER TABLE event_default DROP CONSTRAINT attached")
        await shop.execute("ALTER TABLE event_default ADD CONSTRAINT attached CHECK (nextval('tries') > 1) NOT VALID")

        accepted = await writer.accept([shop.event("1", "registered")])

        await writer.close()
        assert accepted.stored == 1
