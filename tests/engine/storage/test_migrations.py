import re
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from asyncpg import Record
from sqlalchemy import text

from engine.errors import DatabaseUnreachable, SchemaNewer
from engine.storage import revisions
from engine.storage.database import Database
from engine.storage.migrate import migrate
from engine.storage.revisions import require_current, wanted_revision


async def test_migrating_twice_changes_nothing(database: Database, database_url: str):
    before = await shape_of(database)

    await migrate(database_url)

    await require_current(database_url)
    assert "customer" in {row["table_name"] for row in before}
    assert await shape_of(database) == before


async def test_an_address_is_taken_as_providers_give_it_out(database_url: str):
    between = "&" if "?" in database_url else "?"
    database = Database(f"{database_url}{between}sslmode=prefer&application_name=shop")

    await migrate(database.url)

    async with database.session() as session:
        assert await session.scalar(text("SHOW application_name")) == "shop"
    await database.close()


async def shape_of(database: Database) -> list[Record]:
    async with database.connection() as connection:
        return await connection.fetch(
            """
            SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns
            WHERE table_schema = current_schema()
            UNION ALL SELECT tablename, indexname, indexdef, NULL, NULL FROM pg_indexes
            WHERE schemaname = current_schema() ORDER BY 1, 2
            """
        )


async def test_the_numbers_of_the_scripts_say_what_alembic_says():
    config = Config()
    config.set_main_option("script_location", str(Path(revisions.__file__).parent / "migrations"))

    assert ScriptDirectory.from_config(config).get_heads() == [wanted_revision()]


#: What a big shop has millions of: their writers wait for whoever reads or writes all of them, and events wait as well.
LARGE = "customer|event|event_key|run|run_note|message|reaction|conversion|hit|consent_entry|membership|appointment"
TAKES_LONG = re.compile(
    rf"CREATE (UNIQUE )?INDEX \w+ ON ({LARGE})\b|(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN) ({LARGE})\b|SET NOT NULL",
    re.I,
)


def test_scripts_take_moments_however_much_there_is():
    scripts = (Path(revisions.__file__).parent / "migrations/versions").glob("*.sql")
    read = {path.name: re.sub(r"--[^\n]*|\$\$.*?\$\$", "", path.read_text(), flags=re.S) for path in scripts}

    assert TAKES_LONG.search(read["0011_figures.sql"]) and TAKES_LONG.search(read["0015_people_of_a_split.sql"])
    assert [name for name, text in read.items() if name > "0017" and TAKES_LONG.search(text)] == []


async def test_tables_of_a_newer_version_are_left_as_they_are(database: Database, database_url: str):
    async with database.connection() as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaNewer, match="start the newer one"):
        await require_current(database_url)
    with pytest.raises(SchemaNewer, match="at revision 9999"):
        await migrate(database_url)

    async with database.connection() as connection:
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"


async def test_json_and_transaction_ids_survive_a_copy(database: Database):
    async with database.transaction() as connection:
        await connection.copy_records_to_table(
            "customer",
            records=[(1, "00000000-0000-0000-0000-000000000001", "u:1", {"city": "Казань"})],
            columns=["partition", "id", "key", "attributes"],
        )
        await connection.execute("INSERT INTO partition_cursor (partition) VALUES (1)")
        row = await connection.fetchrow(
            "SELECT attributes, pg_current_xact_id() AS xid, c.xid AS seen "
            "FROM customer JOIN partition_cursor c USING (partition)"
        )

    assert row["attributes"] == {"city": "Казань"}
    assert isinstance(row["xid"], int) and row["seen"] == 0


async def test_a_database_that_turns_us_away_is_named_as_unreachable(database_url: str):
    missing = database_url.replace("/test_", "/no_such_")

    with pytest.raises(DatabaseUnreachable, match="does not exist"):
        await require_current(missing)
