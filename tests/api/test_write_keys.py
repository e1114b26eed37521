from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli.program import app
from api.server.auth import REFRESH_S, WriteKeys
from engine.embedded import EmbeddedServices
from engine.storage.database import Database
from engine.storage.write_keys import all_write_keys, create_write_key, revoke_write_key
from tests.api.conftest import Stored, track


async def test_a_new_key_is_accepted_at_once_and_its_name_is_the_source(
    client: httpx.AsyncClient, database: Database, stored: Stored
) -> None:
    await client.post("/v1/track", json=track(), auth=("wk_unknown.x", ""))
    async with database.connection() as connection:
        key = await create_write_key(connection, "ios-app")

    answer = await client.post("/v1/track", json=track(), auth=(key, ""))

    assert answer.status_code == 200
    [event] = await stored.events()
    assert event["source"] == "ios-app"


async def test_only_the_hash_of_a_key_is_kept(database: Database) -> None:
    async with database.connection() as connection:
        key = await create_write_key(connection, "shop")
        everything = str([dict(row) for row in await connection.fetch("SELECT * FROM write_key")])

    secret = key.partition(".")[2]
    assert len(secret) >= 32
    assert secret not in everything


async def test_a_revoked_key_is_refused_after_the_time_that_is_promised(database: Database) -> None:
    now = 100.0
    keys = WriteKeys(database, None, clock=lambda: now)
    async with database.connection() as connection:
        key = await create_write_key(connection, "shop")
        before = await keys.source_of(key)
        await revoke_write_key(connection, key.partition(".")[0])

    now += REFRESH_S + 0.01

    assert before == "shop"
    assert await keys.source_of(key) is None


async def test_a_key_with_the_right_id_and_a_wrong_secret_is_refused(database: Database) -> None:
    keys = WriteKeys(database, None)
    async with database.connection() as connection:
        key = await create_write_key(connection, "shop")

    assert await keys.source_of(key.partition(".")[0] + ".guess") is None


async def test_a_write_key_opens_nothing_but_the_way_in(client: httpx.AsyncClient, database: Database) -> None:
    async with database.connection() as connection:
        key = await create_write_key(connection, "shop")

    answers = [await client.get(f"/api/{path}", auth=(key, "")) for path in ("rejects", "messages")]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_keys_are_made_listed_and_revoked_at_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    run = CliRunner()
    with EmbeddedServices(folder / ".kogda", postgres_options={"fsync": "off"}):
        key = run.invoke(app, ["keys", "create", "shop"]).output.strip()
        public, _, secret = key.partition(".")

        listed = run.invoke(app, ["keys", "list"])
        revoked = run.invoke(app, ["keys", "revoke", public])
        unknown = run.invoke(app, ["keys", "revoke", "wk_none"])
        unnamed = run.invoke(app, ["keys", "create", "a name; with what"])

    assert public in listed.output
    assert secret not in listed.output
    assert (revoked.exit_code, revoked.output) == (0, f"{public} is revoked\n")
    assert (unknown.exit_code, unnamed.exit_code) == (1, 2)
    assert "kogda keys list" in unknown.output


async def test_keys_are_listed_newest_first(database: Database) -> None:
    async with database.connection() as connection:
        for name in ("first", "second"):
            await create_write_key(connection, name)

        assert [key.name for key in await all_write_keys(connection)] == ["second", "first"]
