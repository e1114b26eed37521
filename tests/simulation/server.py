"""The real PostgreSQL under a made clock: its connections, and who waits for whose lock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import asyncpg

from engine.storage.database import _prepare_connection

#: A Monday morning.
DAWN = datetime(2026, 3, 2, 6, tzinfo=UTC)

#: The names that stand before those of PostgreSQL itself. `began` is set where a transaction begins, `at` where a
#: statement asks for more.
_CLOCK = """
    CREATE SCHEMA made;
    CREATE FUNCTION made.now() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.current_setting('made.began')::timestamptz $$;
    CREATE FUNCTION made.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT pg_catalog.current_setting('made.at')::timestamptz $$;
    CREATE FUNCTION made.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.current_setting('made.at')::timestamptz $$;
    DO $do$
    DECLARE given record;
    BEGIN
        FOR given IN SELECT adrelid::regclass AS name, attname FROM pg_attrdef JOIN pg_attribute a
            ON a.attrelid = adrelid AND a.attnum = adnum WHERE pg_get_expr(adbin, adrelid) ~ 'now\\(\\)'
        LOOP
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT made.now()', given.name, given.attname);
        END LOOP;
    END $do$;
"""
#: Those of a world, and of nobody else.
OTHER_CONNECTIONS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: One plan for each statement, whatever was asked before, so that a seed alone goes as it went among others.
_SESSION = {
    "search_path": "made, pg_catalog, public",
    "made.began": DAWN.isoformat(),
    "made.at": DAWN.isoformat(),
    "deadlock_timeout": "1ms",
    "synchronous_commit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}
_LINES = 20
_KEPT = ("alembic_version", "installation", "rule_set", "publication", "partition_cursor")


@dataclass(eq=False)
class Line:
    """One connection to the server. It outlives those who use it: for the server, a client that is gone is a
    transaction that is rolled back."""

    number: int
    connection: asyncpg.Connection[asyncpg.Record]
    pid: int
    set_to: datetime | None = None  # what the session's clock says outside of transactions
    under_way: asyncio.Task[Any] | None = None


_BY_NUMBER = attrgetter("number")


class Server:
    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[Line] = []
        self._lines: list[Line] = []
        self._tables: list[str] = []

    async def open(self) -> None:
        plain = await asyncpg.connect(self._url)
        name = await plain.fetchval("SELECT current_database()")
        for key, value in _SESSION.items():
            quoted = value if key == "search_path" else f"'{value}'"
            await plain.execute(f"ALTER DATABASE {name} SET {key} = {quoted}")
        await plain.close()
        self.own = await self._line()
        await self.own.connection.execute(_CLOCK)
        rows = await self.own.connection.fetch(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace IN ('public'::regnamespace, 'made'::regnamespace) ORDER BY 1"
        )
        self._tables = [row[0] for row in rows if row[0] not in _KEPT]
        await self._open_the_rest()

    async def _open_the_rest(self) -> None:
        self._free = [await self._line() for _ in range(_LINES)]
        self._cancelling = await self._line()  # whoever looks at the server may be doing so at that moment
        self._one_cancels = asyncio.Lock()

    async def _line(self) -> Line:
        connection = await asyncpg.connect(self._url, statement_cache_size=1000, max_cached_statement_lifetime=0)
        await _prepare_connection(connection)
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        line = Line(len(self._lines), connection, connection.get_server_pid())
        self._lines.append(line)
        return line

    async def reopen(self) -> None:
        """After a world that ended badly: whatever it left on the lines is gone, with its locks."""
        for line in self._lines:
            line.connection.terminate()
        self._lines.clear()
        self.own = await self._line()
        await self.own.connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {OTHER_CONNECTIONS}")
        await self._open_the_rest()

    def take(self) -> Line:
        """The one with the lowest number, so that a seed alone has the same."""
        first = min(self._free, key=_BY_NUMBER)
        self._free.remove(first)
        return first

    def give_back(self, line: Line) -> None:
        self._free.append(line)

    async def clear(self, partitions: int) -> None:
        """As after the installation: nothing has happened yet."""
        emptied = "".join(f"DELETE FROM {table};" for table in [*self._tables, "partition_cursor"])  # noqa: S608
        await self.own.connection.execute(emptied)
        await self.own.connection.execute(
            "INSERT INTO partition_cursor (partition, standing)"
            " SELECT number, standing FROM generate_series(0, $1::int - 1) AS number, rule_set WHERE id = 1",
            partitions,
        )
        await self.own.connection.execute("DELETE FROM publication; INSERT INTO publication (rule_set) VALUES (1)")

    async def vacuum(self) -> None:
        for table in self._tables:
            await self.own.connection.execute(f"VACUUM {table}")

    async def close(self) -> None:
        for line in self._lines:
            await line.connection.close()

    async def who_waits(self, pids: Sequence[int]) -> dict[int, list[int]]:
        """For whom each of these waits; those that wait for nobody are left out."""
        rows = await self.own.connection.fetch(
            "SELECT w.pid, pg_blocking_pids(w.pid) FROM unnest($1::int[]) AS w (pid)",
            list(pids),
        )
        return {row[0]: row[1] for row in rows if row[1]}

    async def cancel(self, pid: int) -> None:
        async with self._one_cancels:
            await self._cancelling.connection.execute("SELECT pg_cancel_backend($1)", pid)


def is_stable(waiting: dict[int, list[int]], pids: Iterable[int]) -> bool:
    """All of them wait, and for somebody else in the end: in a circle the server is about to throw one out."""
    pids = set(pids)
    if pids - waiting.keys():
        return False
    return all(_leads_out(pid, waiting, frozenset()) for pid in pids)


def _leads_out(pid: int, waiting: dict[int, list[int]], passed: frozenset[int]) -> bool:
    if pid not in waiting:
        return True
    if pid in passed:
        return False
    return all(_leads_out(each, waiting, passed | {pid}) for each in waiting[pid])


def moment(seconds: float) -> datetime:
    return DAWN + timedelta(microseconds=round(seconds * 1_000_000))
