"""A small shop for the tests of the flow: rules built as plans, events written as ingestion writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from pydantic import SecretStr

from dsl import plan
from engine.config import Settings
from engine.core.identity import anonymous_key, customer_id, event_id, known_key, partition_of
from engine.flow.advancing.advance_partition import Progress, advance_partitions
from engine.flow.publishing.publish_rules import publish
from engine.runtime import Runtime, open_runtime
from engine.storage.events.events_in import IDENTIFY, MERGE, TRACK, NewEvent, insert_events
from engine.waker import NullWaker, Waker

HOUR = plan.Length(1, "hour")


def send(template: str, **more: Any) -> plan.Send:
    return plan.Send(channel="email", template=template, line=1, **more)


def rule(name: str, event: str, *steps: plan.Step, delay: plan.Length | None = None, **more: Any) -> plan.Rule:
    trigger = plan.EventTrigger(match=plan.EventMatch(events=(event,)), delay=delay)
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=steps or (send(name),), **more)


def stop(event: str) -> plan.Stop:
    return plan.Stop(match=plan.EventMatch(events=(event,)), text=f"stop when {event}", line=1)


@asynccontextmanager
async def open_shop(
    database_url: str, *rules: plan.Rule, partitions: int = 8, waker: Waker | None = None, **plan_facts: Any
) -> AsyncIterator[Shop]:
    settings = Settings(database_url=SecretStr(database_url), partitions=partitions, waker="null")
    async with open_runtime(settings, waker=waker or NullWaker()) as runtime:
        shop = Shop(runtime)
        await shop.publish(*rules, **plan_facts)
        yield shop


class Shop:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @property
    def partitions(self) -> int:
        return self.runtime.partitions

    async def publish(self, *rules: plan.Rule, **facts: Any) -> int:
        published = await publish(self.runtime.database, plan.Plan(rules=rules, **facts), templates={}, settings={})
        return published.rule_set

    def partition(self, key: str) -> int:
        return partition_of(customer_id(key), self.partitions)

    def event(self, user: str, name: str, *, ago: timedelta = timedelta(), **properties: Any) -> NewEvent:
        return self._row(known_key(user), TRACK, name, properties, ago)

    def anonymous(self, anonymous: str, name: str, *, ago: timedelta = timedelta(), **properties: Any) -> NewEvent:
        return self._row(anonymous_key(anonymous), TRACK, name, properties, ago)

    def identify(self, user: str, **traits: Any) -> NewEvent:
        return self._row(known_key(user), IDENTIFY, "", traits, timedelta())

    def merge(self, anonymous: str, user: str) -> NewEvent:
        return self._row(anonymous_key(anonymous), MERGE, "", {"into": known_key(user)}, timedelta())

    def merge_known(self, old: str, new: str) -> NewEvent:
        return self._row(known_key(old), MERGE, "", {"into": known_key(new)}, timedelta())

    def _row(self, key: str, kind: int, name: str, properties: dict[str, Any], ago: timedelta) -> NewEvent:
        message = uuid4().hex
        customer = customer_id(key)
        body = {"key": key, "properties": properties, "messageId": message}
        return NewEvent(
            event_id("test", message),
            partition_of(customer, self.partitions),
            customer,
            kind,
            name,
            self.runtime.clock() - ago,
            "test",
            orjson.Fragment(orjson.dumps(body)),
        )

    async def post(self, *events: NewEvent) -> None:
        async with self.runtime.database.transaction() as connection:
            await insert_events(connection, events)

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.runtime.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def value(self, query: str, *arguments: Any) -> Any:
        async with self.runtime.database.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> None:
        async with self.runtime.database.connection() as connection:
            await connection.execute(query, *arguments)

    async def advance(self) -> Progress:
        """Until nothing more is to be decided now. What the batches did, added up."""
        total = Progress()
        while True:
            progress = await advance_partitions(self.runtime, range(self.partitions))
            total = Progress(
                events=total.events + progress.events,
                timers=total.timers + progress.timers,
                outcomes=total.outcomes + progress.outcomes,
                messages=total.messages + progress.messages,
                held=progress.held,
                busy=progress.busy,
            )
            if not progress.more:
                return total

    async def run_of(self, key: str) -> Any:
        """The only run of a customer."""
        (row,) = await self.fetch("SELECT * FROM run WHERE customer = $1", customer_id(key))
        return row

    async def templates_sent_to(self, key: str) -> list[str]:
        """Templates of the messages that are or were queued for a customer, in order."""
        rows = await self.fetch(
            "SELECT template FROM message WHERE customer = $1 AND state <> 'suppressed' ORDER BY created_at, template",
            customer_id(key),
        )
        return [row["template"] for row in rows]

    async def let_time_pass(self, length: timedelta) -> None:
        """Everything that waits is due that much earlier: the database's clock cannot be moved."""
        await self.execute("UPDATE run SET wake_at = wake_at - $1::interval WHERE wake_at IS NOT NULL", length)


def known(user: str) -> UUID:
    return customer_id(known_key(user))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)
