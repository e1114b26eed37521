"""`kogda claim`: says what would be done at once, and takes the database when it is told to."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.storage.database import Database
from engine.storage.installation import found_installation
from engine.storage.ownership import require_ours
from tests.cli.running import kogda


async def test_a_database_of_another_name_is_taken_when_it_is_said_so(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await found_installation(database, 8)
    await require_ours(database, "production")

    asked = await asyncio.to_thread(
        kogda, "claim", cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_INSTANCE="staging"
    )
    taken = await asyncio.to_thread(
        kogda, "claim", "--yes", cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_INSTANCE="staging"
    )

    assert asked.returncode == 1
    assert "last seen here: never. Due at once: 0 messages, 0 steps of runs" in " ".join(asked.stdout.split())
    assert "nothing was changed" in asked.stdout
    assert taken.returncode == 0
    await require_ours(database, "staging")
