"""People of rules that keep some out by lot: counted once each, and from indexes."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.storage.database import Connection, Database
from engine.storage.reports.counting import HeldOut, held_out_counts

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
#: Of a hundred runs one is of the rule with a lot: two of each of ten customers, one of whom was kept out each time,
#: and another reached the goal in one of two.
RUNS = """
    INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, ended_at, end_reason, body)
    SELECT n % 64, md5('r' || n)::uuid, md5('c' || n / 100 % 10)::uuid, rule, 1, 'ended', at, at, reason, body
    FROM generate_series(0, 1999) n, LATERAL (SELECT
        timestamptz '2026-03-02 00:00Z' + make_interval(mins => n) AS at,
        CASE n % 100 WHEN 0 THEN 'Cart' ELSE 'News' END AS rule,
        CASE n % 1000 WHEN 0 THEN 'holdout' ELSE 'finished' END AS reason,
        CASE n % 100 WHEN 0 THEN '{"split": {"test": "x"}, "goal_until": "2026-05-01"}'::jsonb ELSE '{}' END
        || CASE n WHEN 100 THEN '{"goal_at": "2026-03-03"}'::jsonb ELSE '{}' END AS body) each
"""


async def rows_read(connection: Connection) -> int:
    """Of the table itself, by this transaction."""
    query = "SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'run'"
    return int(await connection.fetchval(query))


async def test_people_of_a_lot_are_counted_without_reading_a_run(database: Database):
    async with database.connection() as connection:
        await connection.execute("SET synchronous_commit = on")  # what is not on disk is not visible to all for VACUUM
        await connection.execute(RUNS)
        await connection.execute("VACUUM ANALYZE run")

        async with connection.transaction():
            counts = await held_out_counts(connection, SINCE, UNTIL)
            read = await rows_read(connection)

    assert sorted(counts) == [HeldOut("Cart", False, 9, 1), HeldOut("Cart", True, 1, 0)]
    assert read == 0


async def test_runs_of_another_time_are_not_counted(database: Database):
    async with database.connection() as connection:
        await connection.execute(RUNS)

        assert await held_out_counts(connection, UNTIL, datetime(2026, 5, 1, tzinfo=UTC)) == []
