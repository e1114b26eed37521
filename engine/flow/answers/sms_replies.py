"""What people answer to an sms: words become an event of theirs, STOP takes consent back, START gives it again."""

from __future__ import annotations

import orjson

from engine.callbacks.replies import Reply
from engine.core.identity import event_id
from engine.flow.customers.change_consent import Choice, ConsentRuntime, NoSuchCustomer, change_consent
from engine.storage.customers.phones import Writer, lift_opt_out, writers
from engine.storage.database import Connection
from engine.storage.events.events_in import TRACK, NewEvent, insert_events


async def leave(runtime: ConsentRuntime, reply: Reply) -> None:
    """Withdraw the consent of every customer with this number; in effect when it returns. Idempotent."""
    async with runtime.database.connection() as connection:
        found = await writers(connection, reply.channel, reply.phone)
    for each in found:
        try:
            await change_consent(runtime, Choice(customer=each.customer, words={reply.channel: False}, how="reply"))
        except NoSuchCustomer:
            continue


async def come_back(runtime: ConsentRuntime, reply: Reply) -> bool:
    """START: all who left by this number get messages again or, when nobody has left, the one whom we wrote to last.

    False: it was no such wish, since `yes` of somebody who has not left is an ordinary answer.
    """
    async with runtime.database.transaction() as connection:
        found = await writers(connection, reply.channel, reply.phone)
        await lift_opt_out(connection, reply.channel, reply.phone)
    left = [each for each in found if each.is_refused]
    if reply.wish == "agree" and not left:
        return False
    for each in left or found[:1]:
        words = {reply.channel: True}
        try:
            await change_consent(
                runtime,
                Choice(customer=each.customer, words=words, how="reply", detail={"said": reply.text[:40]}),
            )
        except NoSuchCustomer:
            continue
    return True


async def take_reply(connection: Connection, reply: Reply) -> set[int]:
    """Queue the reply as an event, within the caller's transaction. Returns partitions to wake.

    Of customers who share a phone, it counts for the one whom we wrote to last. Unknown numbers are ignored.
    """
    found = await writers(connection, reply.channel, reply.phone)
    if not found:
        return set()
    await insert_events(connection, [_event(reply, found[0])])
    return {found[0].partition}


def _event(reply: Reply, writer: Writer) -> NewEvent:
    said = f"message_replied:{reply.id}"
    about = {"message_id": writer.message, "rule": writer.rule, "template": writer.template} if writer.message else {}
    properties = {"channel": reply.channel, "text": reply.text, **about}
    return NewEvent(
        id=event_id(reply.provider, said),
        partition=writer.partition,
        customer=writer.customer,
        kind=TRACK,
        name="message_replied",
        at=reply.at,
        source="kogda",
        body=orjson.Fragment(orjson.dumps({"key": writer.key, "properties": properties, "messageId": said})),
    )
