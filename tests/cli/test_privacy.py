"""`kogda erase` and `kogda export`."""

from __future__ import annotations

import json
from pathlib import Path

from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.cli.running import kogda
from tests.engine.delivery.outbox import PARTITIONS, Outbox


async def test_a_person_gets_all_that_is_held_and_is_gone_when_asked_twice(tmp_path: Path, database: Database):
    outbox = Outbox(database)
    await found_installation(database, PARTITIONS)
    await outbox.publish()
    await outbox.customer()
    await outbox.message()

    def run(*words: str, typed: str | None = None) -> tuple[int, str]:
        done = kogda(*words, cwd=tmp_path, KOGDA_DATABASE_URL=database.url, KOGDA_WAKER="null", typed=typed)
        return done.returncode, done.stdout + done.stderr

    _, written = run("export", "anna")
    mistyped = run("erase", "anna", typed="ben\n")
    stays = await outbox.fetch("SELECT FROM customer")
    erased = run("erase", "anna", typed="anna\n")
    again = run("erase", "anna", "--yes")

    held = json.loads(written)
    assert held["customers"][0]["email"] == "anna@example.com"
    assert held["messages"][0]["template"] == "cart"
    assert (mistyped[0], len(stays)) == (2, 1)
    assert "nothing was erased" in mistyped[1]
    assert erased[0] == 0 and "u:anna is erased: " in erased[1]
    assert await outbox.fetch("SELECT FROM customer") == []
    assert again == (2, "kogda: there is no customer u:anna\n")
