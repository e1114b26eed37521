"""Connections: an asyncpg pool for the set-based hot path, SQLAlchemy sessions for ordinary reads and writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg
import orjson

from engine.errors import DatabaseUnreachable
from engine.storage.addresses import address

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

APPLICATION = "kogda"  # as pg_stat_activity shows our connections

#: What a stopped, full, restarting or unreachable database raises in place of an answer: try again later. A backend
#: that was ended while its connection lay idle shows as InternalClientError.
TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


class Database:
    """One per process. `connection()` and `transaction()` serve the hot path, `session()` the management API.

    JSON columns are Python values on both sides, written in PostgreSQL's binary form, so COPY takes them too.
    """

    #: Connections that `open` makes at once; with 0 it does not connect at all.
    _at_least = 1
    _connect_within_s = 60.0

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._engine: AsyncEngine | None = None

    async def open(self) -> None:
        """Raises DatabaseUnreachable, with the host that did not answer."""
        try:
            at = address(self.url)
            self._pool = await asyncpg.create_pool(
                at.url,
                min_size=self._at_least,
                max_size=self._pool_size,
                timeout=self._connect_within_s,
                init=_prepare_connection,
                reset=_keep_as_it_is,
                command_timeout=60,
                server_settings={"application_name": APPLICATION},
                **at.options,
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseUnreachable(f"the database at {_where(self.url)} does not answer: {error}") from error

    async def close(self) -> None:
        if self._pool:
            await self._pool.close()
        if self._engine:
            await self._engine.dispose()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise RuntimeError("Database.open() was not called")
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection with a transaction around it: leaving commits, an exception rolls back."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: leaving commits, an exception rolls back."""
        # SQLAlchemy takes most of a second to load, and a command that only reads does without it.
        from sqlalchemy.ext.asyncio import AsyncSession

        if self._engine is None:
            self._engine = sqlalchemy_engine(self.url, pool_size=2, max_overflow=8, pool_pre_ping=True)
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session


def sqlalchemy_engine(url: str, **options: Any) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine

    at = address(url)
    # asyncpg reads the address itself: the dialect knows no `sslmode`, and what else of libpq's a provider gives out.
    connection = {"dsn": at.url, **at.sqlalchemy_options}
    return create_async_engine("postgresql+asyncpg://", connect_args=connection, **options)


async def _prepare_connection(connection: Any) -> None:
    # A worker that stands still (SIGSTOP, a paused machine) must not hold its partitions for ever. Behind a pooler this
    # reaches one connection or another; heartbeats end what it has missed.
    await connection.execute("SET idle_in_transaction_session_timeout = '20s'")
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


async def _keep_as_it_is(connection: Any) -> None:
    """Nothing is reset when a connection goes back, which saves a round trip: only SET LOCAL is allowed anywhere."""


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _decode_jsonb(content: bytes) -> Any:
    return orjson.loads(content[1:])


def _where(url: str) -> str:
    """The address without user and password."""
    parsed = urlsplit(url)
    host = parsed.hostname or parse_qs(parsed.query).get("host", ["localhost"])[0]
    return f"{host}:{parsed.port or 5432}{parsed.path}"
