"""A copy of a database is not sent from until somebody says that the other one is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from engine.errors import NotOurs
from engine.storage.database import Database
from engine.storage.installation import found_installation
from engine.storage.ownership import claim, require_ours

ANOTHER = "UPDATE installation SET base_backup = 'digest of another backup'"


@pytest.fixture
async def founded(database: Database) -> Database:
    await found_installation(database, 8)
    return database


@pytest.fixture
async def modest(founded: Database) -> AsyncIterator[Database]:
    """By an account that may not read the server's files, as most are."""
    name = f"modest_{uuid4().hex}"
    async with founded.connection() as connection:
        await connection.execute(f"CREATE ROLE {name} LOGIN")
        await connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    database = Database(founded.url.replace("kogda@", f"{name}@"))
    await database.open()
    yield database
    await database.close()
    async with founded.connection() as connection:
        await connection.execute(f"DROP OWNED BY {name}")
        await connection.execute(f"DROP ROLE {name}")


async def change(database: Database, query: str) -> None:
    async with database.connection() as connection:
        await connection.execute(query)


async def test_a_database_that_bears_another_name_is_refused_until_it_is_claimed(founded: Database) -> None:
    await require_ours(founded, None)
    await require_ours(founded, "production")

    with pytest.raises(NotOurs, match="belongs to the installation `production`, and KOGDA_INSTANCE is `staging`"):
        await require_ours(founded, "staging")
    with pytest.raises(NotOurs, match="KOGDA_INSTANCE is not set"):
        await require_ours(founded, None)
    await require_ours(founded, "production")
    async with founded.transaction() as connection:
        await claim(connection, "staging")

    await require_ours(founded, "staging")


async def test_a_server_that_began_from_another_backup_than_it_was_known_by_is_refused(founded: Database) -> None:
    await require_ours(founded, "production")
    await change(founded, ANOTHER)

    with pytest.raises(NotOurs, match="restored from a base backup"):
        await require_ours(founded, "production")
    async with founded.transaction() as connection:
        await claim(connection, "production")

    await require_ours(founded, "production")


async def test_an_account_that_may_not_read_files_goes_by_the_name_alone(modest: Database) -> None:
    await require_ours(modest, "production")
    await change(modest, ANOTHER)

    await require_ours(modest, "production")

    with pytest.raises(NotOurs, match="belongs to the installation"):
        await require_ours(modest, "staging")
