"""How people react to the messages of each channel: what `send best` learns from."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core.delivery.channel_choice import Reacted, Reactions
from engine.storage.database import Connection

#: The newest messages of the server, and of a person, from which the rates are told.
_OF_EVERYBODY, _OF_ONE = 2000, 50
#: A person may open a message hours later: younger ones say nothing yet, unless they were reacted to.
_YOUNG = "6 hours"


async def reactions_by_channel(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, Reactions]:
    """Of customers given with their partitions. One statement for each, over a bounded number of messages."""
    everybody = {row[0]: Reacted(row[1], row[2]) for row in await connection.fetch(_EVERYBODY, _OF_EVERYBODY)}
    mine: dict[UUID, dict[str, Reacted]] = {}
    for customer, channel, reacted, sent in await connection.fetch(_MINE, partitions, customers, _OF_ONE):
        mine.setdefault(customer, {})[channel] = Reacted(reacted, sent)
    return {customer: Reactions(mine=mine.get(customer, {}), everybody=everybody) for customer in customers}


_HAS_REACTION = """EXISTS (
        SELECT FROM reaction r WHERE r.partition = m.partition AND r.message = m.id AND r.kind IN ('opened', 'clicked')
    )"""

_EVERYBODY = f"""
    SELECT channel, count(*) FILTER (WHERE reacted), count(*) FILTER (WHERE reacted OR NOT young) FROM (
        SELECT m.channel, {_HAS_REACTION} AS reacted, m.created_at > now() - interval '{_YOUNG}' AS young
        FROM (SELECT * FROM message ORDER BY created_at DESC LIMIT $1) m
        WHERE m.state = 'sent' AND m.channel NOT IN ('webhook', 'staff')
    ) newest GROUP BY channel
"""  # noqa: S608 -- made of constants

_MINE = f"""
    SELECT customer, channel, count(*) FILTER (WHERE reacted), count(*) FILTER (WHERE reacted OR NOT young) FROM (
        SELECT w.customer, m.channel, {_HAS_REACTION} AS reacted, m.created_at > now() - interval '{_YOUNG}' AS young
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT * FROM message m WHERE m.partition = w.partition AND m.customer = w.customer
              AND m.state = 'sent' AND m.channel NOT IN ('webhook', 'staff')
            ORDER BY m.created_at DESC LIMIT $3
        ) m
    ) newest GROUP BY customer, channel
"""  # noqa: S608 -- made of constants
