"""Storing: groups, verdicts, and what happens when the database does not want to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from engine.core.identity import customer_id, event_id, partition_of
from engine.errors import Overloaded
from engine.flow.accept_events import Accepted, EventWriter
from engine.storage.database import Database
from engine.storage.events.events_in import COPY_FROM, TRACK, NewEvent, insert_events
from engine.storage.events.rejects import Reject
from tests.api.conftest import Stored

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class HeardWaker:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.partitions: set[int] = set()

    async def wake(self, partitions: Iterable[int]) -> None:
        self.partitions.update(partitions)

    async def wake_delivery(self) -> None: ...

    async def close(self) -> None: ...


def event(message: str, *, user: str = "1", body: bytes = b'{"key":"u:1"}', at: datetime = NOON) -> NewEvent:
    customer = customer_id(f"u:{user}")
    partition = partition_of(customer, 64)
    return NewEvent(event_id("s", message), partition, customer, TRACK, "seen", at, "s", orjson.Fragment(body))


async def test_requests_that_arrive_together_each_get_their_own_verdict(database: Database, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker())
    await writer.accept([event("known")])

    verdicts = await asyncio.gather(
        writer.accept([event("a"), event("b")]),
        writer.accept([event("a"), event("known"), event("c")]),
        writer.accept([event("d"), event("d")]),
        writer.accept([]),
    )

    assert sum(verdict.stored for verdict in verdicts) == 4
    assert sum(verdict.duplicates for verdict in verdicts) == 3
    assert verdicts[3] == Accepted(0, 0)
    assert len(await stored.events()) == 5


async def test_a_hundred_single_requests_take_a_handful_of_transactions(database: Database, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker())

    await asyncio.gather(*(writer.accept([event(str(number))]) for number in range(100)))

    events = await stored.events()
    assert len(events) == 100
    assert len({row["xid"] for row in events}) < 10


async def test_batches_that_arrive_together_share_one_transaction(database: Database, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker())
    batches = [[event(f"{batch}-{number}", user=str(number)) for number in range(80)] for batch in range(4)]

    await asyncio.gather(*(writer.accept(events) for events in batches))

    events = await stored.events()
    assert len(events) == 320
    assert len({row["xid"] for row in events}) == 1


async def test_partitions_are_woken_after_the_commit(database: Database) -> None:
    waker = HeardWaker()
    writer = EventWriter(database, waker)

    await writer.accept([event("a", user="1"), event("b", user="2")])
    await writer.close()

    assert waker.partitions == {partition_of(customer_id(f"u:{user}"), 64) for user in "12"}


async def test_values_that_the_database_refuses_do_not_take_others_with_them(
    database: Database, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker())
    poison = event("poison", body=b'{"a":"\\u0000"}')

    verdicts = await asyncio.gather(
        writer.accept([event("a")]), writer.accept([event("b"), poison, event("c")]), writer.accept([event("d")])
    )

    assert [verdict.refused for verdict in verdicts] == [(), (poison,), ()]
    assert [row["body"]["key"] for row in await stored.events()] == ["u:1"] * 4
    assert [reject["reason"] for reject in await stored.rejects()] == ["was refused by the database"]


async def test_rejects_are_stored_with_the_events_of_their_request(database: Database, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker())

    await writer.accept([event("a")], [Reject("s", "is bad", "$.x", "{}")])
    await writer.accept([], [Reject("s", "is worse", "$.y", "{}")])

    assert len(await stored.events()) == 1
    assert [(reject["path"], reject["reason"]) for reject in await stored.rejects()] == [
        ("$.x", "is bad"),
        ("$.y", "is worse"),
    ]


async def test_a_connection_that_breaks_is_replaced_without_the_caller_noticing(
    database: Database, database_url: str, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker())
    await writer.accept([event("a")])
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    await killer.close()

    verdict = await writer.accept([event("b")])

    assert verdict == Accepted(1, 0)


async def test_a_database_that_refuses_writes_is_an_overload_and_recovers_by_itself(
    database: Database, database_url: str, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker())
    await _alter(database_url, "RENAME TO event_key_away")

    with pytest.raises(Overloaded):
        await writer.accept([event("a")])
    await _alter(database_url, "RENAME TO event_key", table="event_key_away")

    assert await writer.accept([event("a")]) == Accepted(1, 0)
    assert len(await stored.events()) == 1


async def test_more_waiting_events_than_memory_should_hold_are_turned_away(
    database: Database, database_url: str, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker(), max_waiting=20)
    blocker = await asyncpg.connect(database_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE event_key IN ACCESS EXCLUSIVE MODE")
    # A statement is under way with one request; of the others, two requests fill the waiting room.
    crowd = [[event(f"{request}-{number}") for number in range(10)] for request in range(4)]
    waiting = [asyncio.ensure_future(writer.accept(crowd[0]))]
    await _until_held_up(blocker)
    waiting += [asyncio.ensure_future(writer.accept(events)) for events in crowd[1:3]]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await writer.accept(crowd[3])
    await transaction.rollback()
    await blocker.close()

    assert sum(verdict.stored for verdict in await asyncio.gather(*waiting)) == 30


async def test_a_statement_that_is_held_up_does_not_hold_up_those_after_it(
    database: Database, database_url: str, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker())
    blocker = await asyncpg.connect(database_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("INSERT INTO event_key (id) VALUES ($1)", event("a").id)
    held_up = asyncio.ensure_future(writer.accept([event("a")]))
    await _until_held_up(blocker)

    verdict = await writer.accept([event("b")])

    assert verdict == Accepted(1, 0)
    assert not held_up.done()
    await transaction.rollback()
    await blocker.close()
    assert await held_up == Accepted(1, 0)


async def test_a_crowd_is_stored_once_whether_its_ids_were_expected_to_be_known_or_not(
    database: Database, stored: Stored
) -> None:
    writer = EventWriter(database, HeardWaker())
    events = crowd(6 * COPY_FROM)

    verdicts = [
        await writer.accept(events[start : start + 2 * COPY_FROM]) for start in (0, COPY_FROM, 0, 3 * COPY_FROM)
    ]

    assert [verdict.stored for verdict in verdicts] == [2 * COPY_FROM, COPY_FROM, 0, 2 * COPY_FROM]
    assert len({row["id"] for row in await stored.events()}) == 5 * COPY_FROM


async def test_a_time_ahead_of_the_database_is_clamped(database: Database, stored: Stored) -> None:
    await EventWriter(database, HeardWaker()).accept([event("a", at=datetime(2099, 1, 1, tzinfo=UTC))])

    [row] = await stored.events()
    assert row["at"] == row["received_at"]


async def test_two_processes_that_send_the_same_ids_in_opposite_order_do_not_deadlock(
    database: Database, stored: Stored
) -> None:
    writers = [EventWriter(database, HeardWaker()) for _ in range(4)]
    events = [event(str(number)) for number in range(1500)]

    verdicts = await asyncio.gather(
        *(writer.accept(events if place % 2 else events[::-1]) for place, writer in enumerate(writers))
    )

    assert sum(verdict.stored for verdict in verdicts) == 1500
    assert len(await stored.events()) == 1500


def crowd(count: int = 2 * COPY_FROM) -> list[NewEvent]:
    """So many that they are stored by COPY."""
    return [event(f"crowd {number}", user=str(number)) for number in range(count)]


async def test_a_crowd_of_events_is_stored_once_and_in_its_order(database: Database, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker())
    events = crowd()
    await writer.accept([events[3], events[90]])

    verdict = await writer.accept([*events, *events[:5]])

    rows = await stored.events()
    assert verdict == Accepted(len(events) - 2, 7)
    assert [row["id"] for row in sorted(rows, key=lambda row: (row["xid"], row["seq"]))] == [
        each.id
        for each in (events[3], events[90], *(each for place, each in enumerate(events) if place not in (3, 90)))
    ]


async def test_a_crowd_whose_transaction_stood_still_is_not_received_before_what_is_queued_ahead_of_it(
    database: Database, stored: Stored
) -> None:
    """S24: timers go by the first event that waits, so places and times of reception must not cross."""
    ahead = event("ahead")

    async with database.transaction() as stood_still:
        await stood_still.fetchval("SELECT now()")
        await EventWriter(database, HeardWaker()).accept([ahead])
        await insert_events(stood_still, crowd())

    rows = sorted(await stored.events(), key=lambda row: (row["xid"], row["seq"]))
    assert rows[0]["id"] == ahead.id
    assert [row["received_at"] for row in rows] == sorted(row["received_at"] for row in rows)


async def test_in_a_crowd_a_time_ahead_of_the_database_is_clamped(database: Database, stored: Stored) -> None:
    late = event("late", at=datetime(2099, 1, 1, tzinfo=UTC))

    await EventWriter(database, HeardWaker()).accept([*crowd(), late])

    [row] = [row for row in await stored.events() if row["id"] == late.id]
    assert row["at"] == row["received_at"]


async def test_what_comes_in_a_crowd_is_stored_as_it_would_be_alone(database: Database, stored: Stored) -> None:
    odd = {
        "at": datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        "name": "заказ_оформлен",
        "source": "магазин 🛒",
        "body": orjson.Fragment('{"key":"u:ü","properties":{"total":1.5,"list":[],"text":"„“"}}'.encode()),
        "kind": 2,
    }
    writer = EventWriter(database, HeardWaker())

    await writer.accept([event("alone")._replace(**odd)])
    await writer.accept([*crowd(), event("in a crowd")._replace(**odd)])

    wanted = (event("alone").id, event("in a crowd").id)
    alone, in_a_crowd = (
        {name: value for name, value in row.items() if name not in ("id", "xid", "seq", "received_at")}
        for row in sorted(await stored.events(), key=lambda row: row["received_at"])
        if row["id"] in wanted
    )
    assert alone == in_a_crowd


@pytest.mark.parametrize(
    "poison",
    [event("poison", body=b'{"a":"\\u0000"}'), event("poison")._replace(name="half \ud800")],
    ids=["refused by the database", "refused by the driver"],
)
async def test_in_a_crowd_only_the_values_that_are_at_fault_are_refused(
    database: Database, stored: Stored, poison: NewEvent
) -> None:
    events = crowd()

    verdict = await EventWriter(database, HeardWaker()).accept([*events, poison])

    assert verdict == Accepted(len(events), 0, (poison,))
    assert len(await stored.events()) == len(events)
    assert [reject["reason"] for reject in await stored.rejects()] == ["was refused by the database"]


async def _until_held_up(blocker: asyncpg.Connection[asyncpg.Record]) -> None:
    """Until a statement waits for a lock that the blocker holds."""
    async with asyncio.timeout(60):
        while not await blocker.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        ):
            pass


async def _alter(url: str, change: str, *, table: str = "event_key") -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER TABLE {table} {change}")
    await connection.close()


async def test_waiting_rejects_count_like_events(database: Database, database_url: str, stored: Stored) -> None:
    writer = EventWriter(database, HeardWaker(), max_waiting=20)
    blocker = await asyncpg.connect(database_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE reject IN ACCESS EXCLUSIVE MODE")
    crowd = [[Reject("s", "is bad", "$", "{}")] * 10 for _ in range(4)]
    waiting = [asyncio.ensure_future(writer.accept([], crowd[0]))]
    await _until_held_up(blocker)
    waiting += [asyncio.ensure_future(writer.accept([], rejects)) for rejects in crowd[1:3]]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await writer.accept([], crowd[3])
    await transaction.rollback()
    await blocker.close()

    await asyncio.gather(*waiting)
    assert len(await stored.rejects()) == 30


async def test_a_reject_that_the_database_refuses_ends_in_an_answer(database: Database) -> None:
    writer = EventWriter(database, HeardWaker())

    async with asyncio.timeout(60):
        with pytest.raises(asyncpg.DataError):
            await writer.accept([event("poison", body=b'{"a":"\\u0000"}')], [Reject("s", "nul \0", "$", "{}")])


async def test_the_log_never_quotes_what_the_database_refused(database: Database) -> None:
    writer = EventWriter(database, HeardWaker())
    poison = event("poison", body=b'{"email":"anna@example.com","a":"\\u0000"}')

    with capture_logs() as lines:
        await writer.accept([poison])

    assert lines and "anna" not in str(lines)
