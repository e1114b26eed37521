"""Messages on their way out: claimed with the facts their guards need, settled in bulk. Decided ones come from
decisions.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from engine.core.delivery.addresses import CONTACTS, address_of
from engine.storage.customers.contacts import StoredContact, contacts_of
from engine.storage.customers.erasure import erased_as
from engine.storage.database import Connection
from engine.storage.delivery.lanes import ALL_LANES, DUE, Lanes

#: What an attempt may leave a message in. `queued`: it will be tried again.
SettledState: TypeAlias = Literal["sent", "suppressed", "failed", "unknown", "postponed", "queued"]


class DueMessage(NamedTuple):
    """A locked row of `message`, with its customer, run and suppression as they are in this transaction.

    A tuple, because to freeze thirty fields one by one costs as much as to read them.
    """

    partition: int
    id: UUID
    customer: UUID
    run: UUID
    rule: str
    rule_set: int
    channel: str
    template: str
    context: dict[str, Any]
    transactional: bool
    attempts: int  # before this one
    due_at: datetime
    maybe_duplicate: bool
    created_at: datetime
    key: str | None  # of the customer; None: there is no such customer any more
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    attributes: dict[str, Any]
    tags: list[str]
    consent: dict[str, bool]
    limits: dict[str, Any] | None  # engine.core.delivery.limits.Limits
    run_state: str | None
    end_reason: str | None  # of its run
    suppressed: str | None
    now: datetime  # the database's clock: the only one that due times are compared with
    points: int
    merged_into: UUID | None  # the customer was merged while the message was in a worker's hands
    chosen: Mapping[str, str] = MappingProxyType({})  # when the customer chose by hand, by channel and topic
    is_erased: bool = False  # the person was erased once, by this key or address
    contacts: tuple[StoredContact, ...] = ()  # of a channel that reaches customers by them, the newest first

    @property
    def address(self) -> str | None:
        if self.channel in CONTACTS:
            return self.contacts[0].address if self.contacts else None
        return address_of(self.channel, email=self.email, phone=self.phone, key=self.key)


class Settlement(NamedTuple):
    """What became of one attempt. `queued` with `due_at`: it will be tried again."""

    partition: int
    message: UUID
    attempt: UUID | None  # None: it was never claimed; a guard stopped it
    state: SettledState
    reason: str | None = None
    address: str | None = None
    provider_id: str | None = None
    due_at: datetime | None = None
    maybe_duplicate: bool = False
    until: datetime | None = None  # of a postponed one: when its run is asked again
    undeliverable: bool = False  # another way may reach the customer (S19)


async def lock_due_messages(connection: Connection, *, limit: int, lanes: Lanes = ALL_LANES) -> list[DueMessage]:
    """Queued messages whose time has come, transactional ones first, locked until the transaction ends. Others skip
    them.

    What guards need to know is read after the lock: it is no older, and a plan for a few known rows fits however many
    wait.
    """
    locked = await connection.fetch(DUE, limit, *lanes.as_arguments())
    if not locked:
        return []
    rows = await connection.fetch(_OF_LOCKED, [row["partition"] for row in locked], [row["id"] for row in locked])
    due = [DueMessage(*row) for row in rows]
    if any(each.channel in CONTACTS for each in due):
        return await with_contacts(connection, due)
    return due


async def with_contacts(connection: Connection, due: Sequence[DueMessage]) -> list[DueMessage]:
    """A message goes to those that may be written to; when there are none, the first reason against one stops it."""
    wanted = [(each.partition, each.customer, each.channel) for each in due if each.channel in CONTACTS]
    known = await contacts_of(connection, wanted)
    found = []
    for each in due:
        if each.channel in CONTACTS:
            contacts = known.get((each.customer, each.channel), ())
            usable = tuple(contact for contact in contacts if contact.suppressed is None)
            reason = contacts[0].suppressed if contacts and not usable else None
            each = each._replace(contacts=usable or contacts, suppressed=reason)
        found.append(each)
    return found


_ADDRESS = "CASE m.channel WHEN 'email' THEN c.email ELSE c.phone END"

#: Of the messages of a `due` before it, in the order of DueMessage's fields. Other addresses than mails and phones are
#: read by themselves: see engine/core/delivery/addresses.py. Customers and runs are probed by their keys, whatever the
#: planner thinks (OFFSET 0): it would read all of them at every claim, as long as there are only some hundred thousand.
#: Hashes are made once for each message, not for each erasure that it is compared with.
WITH_FACTS = f"""
    SELECT m.partition, m.id, m.customer, m.run, m.rule, m.rule_set, m.channel, m.template, m.context,
        m.transactional, m.attempts, m.due_at, m.maybe_duplicate, m.created_at,
        c.key, c.email, c.phone, c.timezone, c.locale, coalesce(c.attributes, '{{}}'::jsonb) AS attributes,
        coalesce(c.tags, '{{}}') AS tags, coalesce(c.consent, '{{}}'::jsonb) AS consent, m.limits,
        r.state AS run_state, r.end_reason, coalesce(s.reason, x.suppressed) AS suppressed, now() AS now,
        coalesce(c.points, 0) AS points, c.merged_into, coalesce(c.chosen, '{{}}'::jsonb) AS chosen,
        x.hash IS NOT NULL OR k.hash IS NOT NULL AS is_erased
    FROM due m
    LEFT JOIN LATERAL (SELECT * FROM customer WHERE partition = m.partition AND id = m.customer OFFSET 0) c ON true
    LEFT JOIN LATERAL (SELECT * FROM run WHERE partition = m.partition AND id = m.run OFFSET 0) r ON true
    LEFT JOIN suppression s ON s.channel = m.channel AND s.address = suppressed_as(m.channel, {_ADDRESS})
    LEFT JOIN LATERAL (
        SELECT {erased_as("m.channel", f"suppressed_as(m.channel, {_ADDRESS})")} AS address,
            {erased_as("'customer'", "c.key")} AS key
        WHERE EXISTS (SELECT FROM erasure) OFFSET 0
    ) h ON true
    LEFT JOIN LATERAL (SELECT hash, suppressed FROM erasure WHERE hash = h.address OFFSET 0) x ON true
    LEFT JOIN LATERAL (SELECT hash FROM erasure WHERE hash = h.key OFFSET 0) k ON true
    ORDER BY m.place
"""  # noqa: S608 -- constants in a constant
_OF_LOCKED = f"""
    WITH due AS (
        SELECT m.*, locked.place
        FROM unnest($1::smallint[], $2::uuid[]) WITH ORDINALITY AS locked (partition, id, place)
        CROSS JOIN LATERAL (SELECT * FROM message WHERE partition = locked.partition AND id = locked.id OFFSET 0) m
    )
    {WITH_FACTS}
"""  # noqa: S608 -- a constant in a constant


async def move_messages(connection: Connection, moves: Sequence[tuple[DueMessage, int]]) -> None:
    """To the partition, given with each, of the customer that theirs was merged into: its run is there already."""
    await connection.execute(
        """
        UPDATE message m SET partition = t.target_partition, customer = t.target
        FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[])
            AS t (partition, id, target_partition, target)
        WHERE m.partition = t.partition AND m.id = t.id
        """,
        [message.partition for message, _ in moves],
        [message.id for message, _ in moves],
        [partition for _, partition in moves],
        [message.merged_into for message, _ in moves],
    )


async def begin_attempts(connection: Connection, messages: Sequence[tuple[DueMessage, UUID]], lease: timedelta) -> None:
    """Mark locked messages `sending`, each with the id of its attempt, before any socket is opened."""
    await connection.execute(
        """
        UPDATE message m SET state = 'sending', attempt = a.attempt, attempts = attempts + 1, deadline = now() + $4
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS a (partition, id, attempt)
        WHERE m.partition = a.partition AND m.id = a.id
        """,
        [message.partition for message, _ in messages],
        [message.id for message, _ in messages],
        [attempt for _, attempt in messages],
        lease,
    )


async def extend_leases(connection: Connection, attempts: Sequence[UUID], lease: timedelta) -> None:
    """Say that these attempts are alive. One that was taken for dead meanwhile stays so."""
    await connection.execute(
        "UPDATE message SET deadline = now() + $2 WHERE state = 'sending' AND attempt = ANY($1::uuid[])",
        attempts,
        lease,
    )


async def lock_stuck_messages(connection: Connection, *, limit: int) -> list[tuple[int, UUID, UUID, bool, str]]:
    """Partition, id, attempt, `transactional` and channel of attempts past their deadline, locked: whoever made them is
    gone."""
    rows = await connection.fetch(
        """
        SELECT partition, id, attempt, transactional, channel FROM message
        WHERE state = 'sending' AND deadline < now() ORDER BY deadline LIMIT $1 FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [tuple(row) for row in rows]


async def settle(connection: Connection, settlements: Sequence[Settlement]) -> set[int]:
    """Record what became of them, once: an attempt that was replaced changes nothing. Partitions to wake.

    An attempt that was taken for dead may still report its true end, as long as no other has begun, also in the place
    of an `unknown` that its run has not heard of yet. A run hears of a message when it waits for it, or when the
    message was not sent and a once-mark may hang on it.

    What is queued again is due from now on at the earliest: a claim that began before the attempt must not take it on
    what it has read of consent.
    """
    rows = await connection.fetch(
        _SETTLE,
        [each.partition for each in settlements],
        [each.message for each in settlements],
        [each.attempt for each in settlements],
        [each.state for each in settlements],
        [each.reason for each in settlements],
        [each.address for each in settlements],
        [each.provider_id for each in settlements],
        [each.due_at for each in settlements],
        [each.maybe_duplicate for each in settlements],
        [each.until for each in settlements],
        [each.undeliverable for each in settlements],
    )
    return {row["partition"] for row in rows}


_SETTLE = """
    WITH given AS (
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                             $8::timestamptz[], $9::boolean[], $10::timestamptz[], $11::boolean[])
            AS g (partition, id, attempt, state, reason, address, provider_id, due_at, maybe_duplicate, until,
                  undeliverable)
    ), settled AS (
        UPDATE message m SET
            state = g.state,
            reason = g.reason,
            address = coalesce(g.address, m.address),
            provider_id = coalesce(g.provider_id, m.provider_id),
            due_at = CASE WHEN g.state = 'queued' THEN greatest(coalesce(g.due_at, m.due_at), now()) ELSE m.due_at END,
            maybe_duplicate = m.maybe_duplicate OR g.maybe_duplicate,
            deadline = NULL,
            settled_at = CASE WHEN g.state = 'queued' THEN NULL ELSE now() END
        FROM given g
        WHERE m.partition = g.partition AND m.id = g.id
          AND (g.attempt IS NULL OR m.attempt = g.attempt)
          AND (m.state = CASE WHEN g.attempt IS NULL THEN 'queued' ELSE 'sending' END
               OR m.state IN ('unknown', 'queued') AND g.state IN ('sent', 'failed'))
        RETURNING m.partition, m.id, m.run, m.customer, m.state, m.reason, m.channel, g.until, g.undeliverable
    )
    INSERT INTO outcome (partition, message, run, customer, state, at, reason, until, undeliverable)
    SELECT s.partition, s.id, s.run, s.customer, s.state, now(), s.reason, s.until, s.undeliverable
    FROM settled s
    LEFT JOIN LATERAL (SELECT * FROM run WHERE partition = s.partition AND id = s.run OFFSET 0) r ON true
    WHERE s.state <> 'queued' AND s.channel NOT IN ('webhook', 'staff') AND (
        coalesce(r.state, 'sending') = 'sending' OR s.state NOT IN ('sent', 'unknown') AND (
            r.end_reason IS DISTINCT FROM 'finished' OR EXISTS (
                SELECT FROM once_mark o
                WHERE o.partition = s.partition AND o.customer = s.customer AND o.run = s.run
            )
        )
    )
    ON CONFLICT (partition, message) DO UPDATE SET
        state = excluded.state, at = excluded.at, reason = excluded.reason, undeliverable = excluded.undeliverable
        WHERE outcome.state = 'unknown'
    RETURNING partition
"""
