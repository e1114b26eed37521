"""The one row that says how this installation was laid out, and the cursors that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from engine.errors import ConfigurationError
from engine.storage.database import Connection, Database

_AHEAD = "SELECT EXISTS (SELECT FROM partition_cursor WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))"

_ROW = "SELECT id, partitions, link_secret FROM installation"


@dataclass(frozen=True, slots=True)
class Installation:
    id: UUID
    partitions: int  # fixed at the first start: a customer's partition is a hash modulo this number
    link_secret: bytes  # what links in mails are signed with, unless KOGDA_LINK_SECRET is set


async def found_installation(database: Database, partitions: int) -> Installation:
    """The installation, made with `partitions` at the first start; later the number is what it was then.

    Raises ConfigurationError for a database whose cursors are ahead of its server's own transactions.
    """
    async with database.transaction() as connection:
        if await connection.fetchval(_AHEAD):
            raise ConfigurationError(
                "this database was restored from a dump into a server with lower transaction numbers: new events "
                "would never be decided; restore a physical copy (pg_basebackup) instead"
            )
        row = await connection.fetchrow(_ROW)
        if row is None:
            await connection.execute(
                "INSERT INTO installation (id, partitions) VALUES ($1, $2) ON CONFLICT DO NOTHING", uuid4(), partitions
            )
            row = await connection.fetchrow(_ROW)
            assert row is not None
            await connection.execute(
                """
                INSERT INTO partition_cursor (partition) SELECT * FROM generate_series(0, $1::int - 1)
                ON CONFLICT DO NOTHING
                """,
                row["partitions"],
            )
        return Installation(*row)


async def partitions_of(connection: Connection) -> int:
    """Of an installation that was started before; else 1, and nothing is stored."""
    return await connection.fetchval("SELECT partitions FROM installation") or 1
