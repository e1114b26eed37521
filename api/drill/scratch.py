"""Where a drill works: a database made for it and dropped after it, and a Redis of its own. Nothing else is touched."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from dsl.messages import say
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.embedded.postgres import Postgres
from engine.embedded.redis import Redis
from engine.errors import ConfigurationError, DatabaseUnreachable
from engine.storage.database import TROUBLE

_PREFIX = "kogda_drill_"


@dataclass(frozen=True, slots=True)
class Scratch:
    """`postgres` is there when the server is ours: then it may be crashed, too."""

    name: str
    folder: Path
    database_url: str
    redis: Redis
    postgres: Postgres | None

    def settings(self, settings: Settings) -> Settings:
        """Of this machine's settings, but for everything that leads to real customers, real data, or a real inbox."""
        return settings.model_copy(
            update={
                "workspace": self.folder / "workspace",
                "data": self.folder,
                "database_url": SecretStr(self.database_url),
                "redis_url": SecretStr(self.redis.url),
                "smtp_url": None,
                "public_url": None,
                "host": "127.0.0.1",
            }
        )


@contextmanager
def scratch(settings: Settings, *, at: datetime, seed: int) -> Iterator[Scratch]:
    """On the PostgreSQL server of the settings, or else on one from the wheels, in a folder below the data folder."""
    name = f"{_PREFIX}{at:%Y%m%d_%H%M%S}_{seed}"
    settings.data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="drill-", dir=settings.data.resolve()))
    try:
        if settings.database_url is None:
            with EmbeddedServices(folder) as services:
                yield Scratch(name, folder, services.postgres.url, services.redis, services.postgres)
        else:
            with _on_their_server(settings.database_url.get_secret_value(), name, folder) as made:
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _on_their_server(url: str, name: str, folder: Path) -> Iterator[Scratch]:
    sockets = Path(tempfile.mkdtemp(prefix="kogda-drill-"))
    redis = Redis(sockets=sockets, log=folder / "redis.log")
    asyncio.run(_create(url, name))
    try:
        redis.start()
        yield Scratch(name, folder, beside(url, name), redis, None)
    finally:
        redis.stop()
        shutil.rmtree(sockets, ignore_errors=True)
        asyncio.run(_drop(url, name))


def beside(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def _create(url: str, name: str) -> None:
    try:
        connection = await asyncpg.connect(url)
    except TROUBLE as error:
        raise DatabaseUnreachable(say("the database does not answer: {error}", error=str(error))) from error
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.InsufficientPrivilegeError as error:
        text = say("the drill makes a database of its own, and this user may not: {error}", error=str(error))
        raise ConfigurationError(text) from error
    finally:
        await connection.close()


async def _drop(url: str, name: str) -> None:
    """Only ever one that `_create` has made just now."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def fetched(url: str, query: str, *arguments: Any) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


#: Every connection to this database but our own: those of others on the server are left alone.
END_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
