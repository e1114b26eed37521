"""Things that happen to messages, and what reports say of them."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from engine.core.delivery.consent import ConsentEntry
from engine.core.effects import Withdrawal
from engine.core.identity import customer_id, partition_of
from engine.flow.telling.report_messages import Line, lines_of, report_messages
from engine.flow.upkeep.fold_figures import fold_figures
from engine.storage.customers.consent import add_entries
from engine.storage.customers.moves import Move, move_belongings, move_consent
from engine.storage.database import Connection, Database
from engine.storage.delivery.messages import Settlement, settle
from engine.storage.delivery.reactions import NewReaction, save_reactions, sent_messages
from engine.storage.events.cursors import Cursor
from engine.storage.reports.counting import counted_figures
from engine.storage.runs.decisions import withdraw_messages
from tests.engine.delivery.outbox import PARTITIONS, Outbox

BEGIN = datetime(2026, 1, 30, 20, tzinfo=UTC)
SPAN = timedelta(days=3)
KINDS = ("delivered", "opened", "clicked", "bounced", "complained", "failed", "unsubscribed", "replied")


@dataclass
class History:
    """Things that happen to messages, by lot, through the statements that the engine itself uses."""

    database: Database
    lot: random.Random
    outbox: Outbox = field(init=False)
    messages: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.database)

    async def happen(self) -> None:
        await self.lot.choice(
            [self.decide, self.decide, self.settle, self.settle, self.react, self.react, self.convert, self.leave,
             self.withdraw, self.merge, self.fold]
        )()  # fmt: skip

    async def decide(self) -> None:
        key = f"u:{self.lot.randrange(6)}"
        self.messages.append(
            await self.outbox.message(
                uuid4().hex,
                key=key,
                rule=self.lot.choice(("Cart", "News")),
                template=self.lot.choice(("cart", "news")),
                channel=self.lot.choice(("email", "email", "sms", "webhook")),
                state=self.lot.choice(("queued", "queued", "sending", "sent", "suppressed")),
                created_at=self.moment(),
            )
        )

    async def settle(self) -> None:
        """Several at once, also of states that were told before: a hand-over taken for dead reports after all."""
        chosen = self.some()
        async with self.database.transaction() as connection:
            rows = await connection.fetch("SELECT partition, id, attempt FROM message WHERE id = ANY($1)", chosen)
            to: Any = self.lot.choice(("sent", "failed", "unknown", "queued", "suppressed", "postponed"))
            await settle(connection, [Settlement(partition=row[0], message=row[1], attempt=None, state=to)
                                      for row in rows])  # fmt: skip
            await connection.execute("UPDATE message SET state = $2 WHERE id = ANY($1)", chosen[:1], to)

    async def react(self) -> None:
        async with self.database.transaction() as connection:
            await self.tell(connection, self.some(), *self.lot.sample(KINDS, self.lot.randint(1, 3)))

    async def tell(self, connection: Connection, messages: list[UUID], *kinds: str) -> None:
        for message in messages:
            await connection.execute("INSERT INTO customer (partition, id, key) SELECT partition, customer, id"
                                     " FROM message WHERE id = $1 ON CONFLICT DO NOTHING", message)  # fmt: skip
        found = await sent_messages(connection, [(None, message) for message in messages], partitions=PARTITIONS)
        told = [NewReaction(message, kind, BEGIN, {}) for message in found.values() for kind in kinds]
        await save_reactions(connection, told)

    async def convert(self) -> None:
        worth = self.lot.choice((None, Decimal("9.90"), Decimal(0), Decimal(120)))
        await self.outbox.change(
            "INSERT INTO conversion (partition, event, message, customer, touch, at, revenue, currency)"
            " SELECT partition, gen_random_uuid(), id, customer, 'sent', now(), $2, $3 FROM message"
            " WHERE id = ANY($1::uuid[])",
            self.some(),
            worth,
            self.lot.choice((None, "EUR", "USD")),
        )

    async def leave(self) -> None:
        async with self.database.transaction() as connection:
            rows = await connection.fetch("SELECT partition, id, customer FROM message WHERE id = ANY($1)", self.some())
            entries = [
                ConsentEntry(id=uuid4(), at=BEGIN, what=what, given=self.lot.choice((False, False, True)),
                             how="link", message=row["id"])
                for row in rows for what in ("email", "news")
            ]  # fmt: skip
            places = [(row["partition"], row["customer"]) for row in rows for _ in range(2)]
            await add_entries(connection, [(*place, entry) for place, entry in zip(places, entries, strict=True)])

    async def withdraw(self) -> None:
        async with self.database.transaction() as connection:
            rows = await connection.fetch("SELECT partition, run FROM message WHERE id = ANY($1)", self.some())
            await withdraw_messages(connection, [(row[0], Withdrawal(run=row[1], reason="stopped")) for row in rows])

    async def merge(self) -> None:
        source, target = (customer_id(f"u:{number}") for number in self.lot.sample(range(6), 2))
        move = Move(partition_of(source, PARTITIONS), source, partition_of(target, PARTITIONS), target)
        with suppress(asyncpg.UniqueViolationError):
            async with self.database.transaction() as connection:
                await connection.execute("UPDATE message SET state = 'sent' WHERE state = 'sending'")
                await move_belongings(
                    connection, move, Cursor(partition=move.partition, xid=0, seq=0, floor=BEGIN, epoch=0)
                )
                await move_consent(connection, move, {})

    async def fold(self) -> None:
        await fold_figures(self.database)

    def moment(self) -> datetime:
        return BEGIN + SPAN * self.lot.random()

    def some(self) -> list[UUID]:
        return self.lot.sample(self.messages, min(len(self.messages), self.lot.randint(1, 5)))


async def counted(database: Database, since: datetime, until: datetime) -> tuple[Line, ...]:
    async with database.connection() as connection:
        return lines_of(await counted_figures(connection, since, until))


async def reported(database: Database, since: datetime, until: datetime) -> tuple[Line, ...]:
    async with database.connection() as connection:
        return (await report_messages(connection, since, until)).lines
