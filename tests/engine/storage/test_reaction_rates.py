"""What `send best` learns from: messages that were sent, and which of them somebody reacted to."""

from __future__ import annotations

from uuid import UUID

from engine.core.delivery.channel_choice import Reacted
from engine.core.identity import customer_id, partition_of
from engine.storage.database import Database
from engine.storage.delivery.reaction_rates import reactions_by_channel
from tests.engine.delivery.outbox import PARTITIONS, Outbox

ANNA, BEN = customer_id("u:anna"), customer_id("u:ben")
PLACES = [partition_of(ANNA, PARTITIONS), partition_of(BEN, PARTITIONS)]


async def react(outbox: Outbox, message: UUID, kind: str) -> None:
    await outbox.change(
        "INSERT INTO reaction (partition, message, kind, customer, at, last_at)"
        " SELECT partition, id, $2, customer, now(), now() FROM message WHERE id = $1",
        message,
        kind,
    )


async def test_rates_are_told_by_person_and_channel_and_for_everybody(database: Database):
    outbox = Outbox(database)
    for key in ("u:anna", "u:ben"):
        await outbox.customer(key)
    for number in range(4):
        message = await outbox.message(f"a{number}", key="u:anna", state="sent")
        if number < 2:
            await react(outbox, message, "opened")
            await react(outbox, message, "clicked")
    await react(outbox, await outbox.message("sms", key="u:ben", channel="sms", state="sent"), "clicked")
    await react(outbox, await outbox.message("bounced", key="u:ben", state="sent"), "bounced")
    await outbox.message("queued", key="u:ben")
    await outbox.message("call", key="u:ben", channel="webhook", state="sent")
    await outbox.change("UPDATE message SET created_at = now() - interval '1 day'")

    async with database.connection() as connection:
        found = await reactions_by_channel(connection, PLACES, [ANNA, BEN])

    everybody = {"email": Reacted(2, 5), "sms": Reacted(1, 1)}
    assert (found[ANNA].mine, found[ANNA].everybody) == ({"email": Reacted(2, 4)}, everybody)
    assert (found[BEN].mine, found[BEN].everybody) == ({"email": Reacted(0, 1), "sms": Reacted(1, 1)}, everybody)


async def test_a_message_of_this_hour_says_nothing_yet_unless_it_was_opened(database: Database):
    outbox = Outbox(database)
    await outbox.customer()
    await outbox.message("young", state="sent")
    await react(outbox, await outbox.message("opened", state="sent"), "opened")

    async with database.connection() as connection:
        found = await reactions_by_channel(connection, PLACES[:1], [ANNA])

    assert found[ANNA].mine == {"email": Reacted(1, 1)}
