"""A small shop with messages to deliver: rows as the engine itself writes them, and fakes for what is outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from engine.channels import Handover, Sent, Verdict
from engine.config import Settings
from engine.core.identity import customer_id, derived_id, partition_of
from engine.runtime import Runtime
from engine.storage.database import Database
from engine.waker import NullWaker

PARTITIONS = 8
TEMPLATES = {
    "email/cart.html": "---\nsubject: Hello {{ customer.first_name }}\n---\n<p>{{ event.total }}</p>",
    "email/broken.html": "---\nsubject: x\n---\n{{ 1 // 0 }}",
    "email/news.html": "---\nsubject: News\ntopic: news\n---\n<p>News</p>",
}
SETTINGS: dict[str, Any] = {"mail": {"from": "Shop <hello@shop.example>"}, "locale": "en"}


class RecordingWaker(NullWaker):
    def __init__(self) -> None:
        self.woken: set[int] = set()

    async def wake(self, partitions: Iterable[int]) -> None:
        self.woken.update(partitions)


@dataclass
class ScriptedChannel:
    """Answers with `answer`, a verdict or a function of the hand-over, and remembers what it was given."""

    answer: Verdict | Callable[[Handover], Verdict] = field(default_factory=lambda: Sent("<id>"))
    given: list[Handover] = field(default_factory=list)
    gate: asyncio.Event | None = None  # holds everything up until it is set

    async def send(self, handover: Handover) -> Verdict:
        self.given.append(handover)
        if self.gate:
            await self.gate.wait()
        return self.answer(handover) if callable(self.answer) else self.answer

    async def close(self) -> None:
        pass


@dataclass
class Outbox:
    database: Database
    channel: Any = field(default_factory=ScriptedChannel)
    waker: RecordingWaker = field(default_factory=RecordingWaker)
    runtime: Runtime = field(init=False)

    def __post_init__(self) -> None:
        self.runtime = Runtime(
            Settings(_env_file=None),  # type: ignore[call-arg]
            self.database,
            self.waker,
            PARTITIONS,
            b"k" * 32,
            {"email": self.channel},
        )

    @classmethod
    def of_server(cls, database: Database, server: Runtime) -> Outbox:
        """Its messages carry links that this server believes."""
        outbox = cls(database)
        outbox.runtime.settings, outbox.runtime.link_key = server.settings, server.link_key
        return outbox

    async def publish(
        self,
        *,
        templates: Mapping[str, str] = TEMPLATES,
        rules: Iterable[str | Mapping[str, Any]] = ("reminder",),
        settings: Mapping[str, Any] = SETTINGS,
        caps: Iterable[Mapping[str, Any]] = (),
    ) -> int:
        plan = {
            "format": 1,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "rules": [{"name": rule} if isinstance(rule, str) else dict(rule) for rule in rules],
            "caps": [dict(cap) for cap in caps],
        }
        content = [plan, dict(templates), dict(settings)]
        async with self.database.transaction() as connection:
            rule_set: int = await connection.fetchval(
                "INSERT INTO rule_set (hash, plan, templates, settings) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (hash) DO UPDATE SET hash = excluded.hash RETURNING id",
                str(derived_id("test", orjson.dumps(content).decode())),
                *content,
            )
            await connection.execute("INSERT INTO publication (rule_set) VALUES ($1)", rule_set)
        return rule_set

    async def customer(self, key: str = "u:anna", **values: Any) -> UUID:
        values = {"email": "anna@example.com", "attributes": {"first_name": "Anna"}} | values
        customer = customer_id(key)
        columns = ", ".join(["partition", "id", "key", *values])
        places = ", ".join(f"${number}" for number in range(1, len(values) + 4))
        async with self.database.connection() as connection:
            await connection.execute(
                f"INSERT INTO customer ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING",  # noqa: S608
                partition_of(customer, PARTITIONS),
                customer,
                key,
                *values.values(),
            )
        return customer

    async def message(
        self, name: str = "m1", *, key: str = "u:anna", run_state: str = "ended", marked: bool = True, **values: Any
    ) -> UUID:
        """Queued and due, of a run that stands as `run_state`, and holds a once-mark when it is `marked`."""
        customer = customer_id(key)
        partition, run, message = partition_of(customer, PARTITIONS), derived_id("run", name), derived_id("msg", name)
        row = {
            "rule": "reminder",
            "rule_set": 1,
            "step": 0,
            "channel": "email",
            "template": "cart",
            "context": {"event": {"total": 45}, "with": {}},
            "transactional": False,
            "due_at": datetime(2026, 1, 1, tzinfo=UTC),
        } | values
        end_reason = row.pop("end_reason", "finished" if run_state == "ended" else None)
        columns = ", ".join(["partition", "id", "customer", "run", *row])
        places = ", ".join(f"${number}" for number in range(1, len(row) + 5))
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, end_reason, body)"
                " VALUES ($1, $2, $3, $4, $5, $6, now(), $7, '{}') ON CONFLICT DO NOTHING",
                partition,
                run,
                customer,
                row["rule"],
                row["rule_set"],
                run_state,
                end_reason,
            )
            if marked:
                await connection.execute(
                    "INSERT INTO once_mark VALUES ($1, $2, $3, $4, $5, now()) ON CONFLICT DO NOTHING",
                    partition,
                    customer,
                    row["rule"],
                    name,
                    run,
                )
            await connection.execute(
                f"INSERT INTO message ({columns}) VALUES ({places})",  # noqa: S608
                partition,
                message,
                customer,
                run,
                *row.values(),
            )
        return message

    async def row(self, message: UUID) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchrow("SELECT * FROM message WHERE id = $1", message)

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(query, *values))

    async def change(self, query: str, *values: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(query, *values)
