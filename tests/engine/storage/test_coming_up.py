"""Who starts while the database is on its way up waits for it; what will not mend by itself is told at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from engine.errors import DatabaseUnreachable
from engine.storage.coming_up import patience_s, when_up
from engine.storage.database import Database


class Scripted:
    """Raises what it was given, one after the other, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def begin(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "up"


async def test_a_server_that_starts_is_asked_again_until_it_answers():
    server = Scripted(ConnectionRefusedError("nobody"), asyncpg.CannotConnectNowError("the database is starting up"))

    assert await when_up(server.begin, asyncio.Event()) == "up"
    assert server.tries == 3


async def test_a_wrong_password_is_told_at_once():
    server = Scripted(asyncpg.InvalidPasswordError("no"))

    with pytest.raises(asyncpg.InvalidPasswordError):
        await when_up(server.begin, asyncio.Event())

    assert server.tries == 1


async def test_who_is_asked_to_stop_waits_no_more():
    stop, server = asyncio.Event(), Scripted(*(ConnectionRefusedError("nobody") for _ in range(1000)))
    waiting = asyncio.create_task(when_up(server.begin, stop))
    while not server.tries:
        await asyncio.sleep(0)

    stop.set()

    with pytest.raises(ConnectionRefusedError):
        await waiting


async def test_the_cause_behind_the_words_decides(tmp_path: Path, database_url: str):
    nobody, no_database = f"postgresql://kogda@/kogda?host={tmp_path}", database_url.replace("/test_", "/no_such_")

    patience = []
    for url in (nobody, no_database):
        with pytest.raises(DatabaseUnreachable) as raised:
            await Database(url).open()
        patience.append(patience_s(raised.value))

    assert patience[0] >= 5
    assert patience[1] == 0
