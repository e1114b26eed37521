"""A customer reads a message in the shop's own page: noted there, and told to the rules."""

from __future__ import annotations

from uuid import UUID

from engine.failpoints import reach
from engine.flow.answers.reacting import Reaction, ReactionRuntime, take_reactions
from engine.storage.database import Connection
from engine.storage.delivery.inbox import Place, read_item
from engine.storage.delivery.reactions import sent_messages
from engine.storage.rules.published import live_rule_set


async def note_read(runtime: ReactionRuntime, place: Place, message: UUID, *, followed: bool = False) -> bool:
    """`inapp_opened`, and with `followed` `inapp_clicked`: each is told once. False: there is no such message."""
    async with runtime.database.transaction() as connection:
        if not await read_item(connection, place, message):
            return False
        woken = await note_reactions(
            runtime, connection, (place.partition, message), ("opened", "clicked") if followed else ("opened",)
        )
        reach("inbox.noted")
    reach("inbox.committed")
    if woken:
        await runtime.waker.wake(woken)
    return True


async def note_reactions(
    runtime: ReactionRuntime, connection: Connection, place: tuple[int, UUID], kinds: tuple[str, ...]
) -> set[int]:
    """What a message met with just now. `place`: its partition when it was sent, and its id. Partitions to wake."""
    found = await sent_messages(connection, [place], partitions=runtime.partitions)
    if not found:
        return set()
    live = await live_rule_set(connection)
    texts = await runtime.texts.of(connection, live) if live is not None else None
    now = await connection.fetchval("SELECT now()")
    reactions = [Reaction(message=each, kind=kind, at=now) for each in found.values() for kind in kinds]
    return await take_reactions(connection, reactions, texts, partitions=runtime.partitions)
