"""The database as one process has it: every statement is a gate."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import asyncpg

from engine.storage.database import Database
from tests.simulation.director import Director
from tests.simulation.processes import Died, Process
from tests.simulation.sabotage import Sabotage
from tests.simulation.server import Line, moment

#: Only these say more of the time than when their transaction began.
_ASKS_FOR_MORE = ("clock_timestamp", "statement_timestamp")
_BEGINS_ATTEMPTS = "SET state = 'sending'"
_WRITES = re.compile(r"\b(INSERT INTO|DELETE FROM|(?<!FOR )UPDATE (?!OF|SKIP)|COPY)")


class GatedDatabase(Database):
    """For a process in a world: the lines are the world's, the transactions are its own."""

    def __init__(self, director: Director, process: Process) -> None:
        super().__init__("postgresql://in-a-world")
        self._director = director
        self._process = process

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        connection = GatedConnection(self._director, self._process)
        try:
            yield connection
        finally:
            connection.release()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self.connection() as connection, connection.transaction():
            yield connection


class GatedConnection:
    """What the engine uses of an asyncpg connection."""

    def __init__(self, director: Director, process: Process) -> None:
        self._director = director
        self._process = process
        self._line: Line | None = None
        self._is_lost = False
        self._in_transaction = False
        self._begun = False  # the server knows of the transaction
        self._broken = False  # a statement of the transaction failed
        self._has_written = False

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        answer: str = await self._pass(query, "execute", args)
        return answer

    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Any]:
        answer: list[Any] = await self._pass(query, "fetch", args)
        return answer

    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any:
        return await self._pass(query, "fetchrow", args)

    async def fetchval(self, query: str, *args: Any, timeout: float | None = None) -> Any:
        return await self._pass(query, "fetchval", args)

    async def executemany(self, query: str, args: Any, *, timeout: float | None = None) -> None:
        await self._pass(query, "executemany", (list(args),))

    async def copy_records_to_table(self, table: str, *, records: Any, columns: Any = None, **more: Any) -> str:
        rows = list(records)

        async def act(line: Line) -> str:
            return await line.connection.copy_records_to_table(table, records=rows, columns=columns)

        answer: str = await self._gate(f"COPY {table}", act, writes=True)
        return answer

    def is_in_transaction(self) -> bool:
        return self._in_transaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        assert not self._in_transaction, "savepoints are not simulated"
        self._in_transaction = True
        try:
            yield
        except BaseException:
            await self._end("ROLLBACK")
            raise
        else:
            await self._end("COMMIT")

    def release(self) -> None:
        line, self._line = self._line, None
        if line is None or self._is_lost or self._process.is_dead:
            return
        self._process.lines.remove(line)
        if line.connection.is_in_transaction() or line.under_way is not None:
            self._director.clean(line)
        else:
            self._director.server.give_back(line)

    async def _pass(self, query: str, method: str, args: tuple[Any, ...]) -> Any:
        if self._director.sabotage is not None:
            query = await self._sabotaged(query, self._director.sabotage)
        if _BEGINS_ATTEMPTS in query:
            self._process.claimed.update(dict.fromkeys(args[2], self._director.steps))

        async def act(line: Line) -> Any:
            if self._in_transaction and _asks_for_more(query):
                await line.connection.execute(f"SET LOCAL made.at = '{self._now()}'")
            return await getattr(line.connection, method)(query, *args)

        return await self._gate(_short(query), act, writes=_is_write(query))

    async def _sabotaged(self, query: str, sabotage: Sabotage) -> str:
        if sabotage.commits_before and sabotage.commits_before in query and self._begun:
            await self._end("COMMIT")
            self._in_transaction = True
        return sabotage.on(query)

    async def _gate(self, label: str, act: Callable[[Line], Awaitable[Any]], *, writes: bool) -> Any:
        if self._is_lost:
            raise asyncpg.InterfaceError("connection is closed")
        if self._broken:
            raise asyncpg.InFailedSQLTransactionError("current transaction is aborted")

        async def on_the_line() -> Any:
            line = self._line
            assert line is not None
            await self._set_clock(line, needed=writes or label.startswith("WITH"))
            return await act(line)

        self._have_line()
        kind = "written" if self._has_written and self._in_transaction else "statement"
        self._has_written |= writes
        shows = writes and not self._in_transaction
        try:
            return await self._director.pass_gate(
                self._process, kind, label, on_the_line, line=self._line, writes=shows, on_loss=self._lose
            )
        except BaseException:
            self._broken = self._in_transaction
            raise

    def _have_line(self) -> None:
        if self._process.is_dead:
            raise Died
        if self._line is None:
            self._line = self._director.server.take()
            self._process.lines.append(self._line)

    def _now(self) -> str:
        return moment(self._director.loop.seconds).isoformat()

    async def _set_clock(self, line: Line, *, needed: bool) -> None:
        """In one message with BEGIN: the transaction begins with its first statement."""
        if self._in_transaction and not self._begun:
            self._begun, now = True, self._now()
            await line.connection.execute(f"BEGIN; SET LOCAL made.began = '{now}'; SET LOCAL made.at = '{now}'")
        elif needed and not self._in_transaction:
            now = self._now()
            await line.connection.execute(f"SET made.began = '{now}'; SET made.at = '{now}'")

    async def _end(self, word: str) -> None:
        begun, self._begun, self._in_transaction = self._begun, False, False
        was_broken, self._broken = self._broken, False
        if self._is_lost or self._process.is_dead:
            if word == "COMMIT":
                raise asyncpg.InterfaceError("connection is closed")
            return
        line = self._line
        if line is None or not begun:
            return
        if was_broken and line.under_way is not None:
            self._lose()  # it was given up in the middle of a statement
            return

        async def act() -> None:
            await line.connection.execute("ROLLBACK" if was_broken else word)

        kind = "commit" if word == "COMMIT" else "rollback"
        writes = kind == "commit" and self._has_written
        await self._director.pass_gate(self._process, kind, word, act, line=line, writes=writes, on_loss=self._lose)

    def _lose(self) -> None:
        line, self._line = self._line, None
        self._is_lost = True
        if line is not None and line in self._process.lines:
            self._process.lines.remove(line)
            self._director.clean(line)


@cache
def _asks_for_more(query: str) -> bool:
    return any(word in query for word in _ASKS_FOR_MORE)


@cache
def _is_write(query: str) -> bool:
    return _WRITES.search(query) is not None


@cache
def _short(query: str) -> str:
    return " ".join(query.split())[:60]
