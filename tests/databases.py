"""Databases of one test, beside the one that the services come with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from engine.embedded import EmbeddedServices


def named(url: str, database: str) -> str:
    """The address of another database of the same services."""
    return url.replace("/kogda?", f"/{database}?")


@asynccontextmanager
async def own_database(services: EmbeddedServices, how: str = "") -> AsyncIterator[str]:
    """Its address; it goes in the end. `how`: what CREATE DATABASE is told besides the name. Without, it is empty."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(services.endpoints.database_url)
    await admin.execute(f"CREATE DATABASE {name} {how}")
    yield named(services.endpoints.database_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
