"""The one row that says how this installation was laid out, and the cursors that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from engine.storage.database import Database


@dataclass(frozen=True, slots=True)
class Installation:
    id: UUID
    partitions: int  # fixed at the first start: a customer's partition is a hash modulo this number


async def found_installation(database: Database, partitions: int) -> Installation:
    """The installation, made with `partitions` at the first start; later the number is what it was then."""
    async with database.transaction() as connection:
        row = await connection.fetchrow("SELECT id, partitions FROM installation")
        if row is None:
            await connection.execute(
                "INSERT INTO installation (id, partitions) VALUES ($1, $2) ON CONFLICT DO NOTHING", uuid4(), partitions
            )
            row = await connection.fetchrow("SELECT id, partitions FROM installation")
            assert row is not None
            await connection.execute(
                """
                INSERT INTO partition_cursor (partition) SELECT * FROM generate_series(0, $1::int - 1)
                ON CONFLICT DO NOTHING
                """,
                row["partitions"],
            )
        return Installation(row["id"], row["partitions"])
