"""What is kept for people to look at goes after a while, however much there is of it."""

from __future__ import annotations

from engine.flow.upkeep.forget import forget_old
from tests.engine.flow.shop import open_shop, rule


async def test_old_mails_and_rejects_go_and_younger_ones_stay(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.execute(
            """INSERT INTO reject (received_at, source, reason, path, body)
               SELECT now() - CASE WHEN n <= 2500 THEN interval '31 days' ELSE interval '29 days' END, 's', 'r', '$', ''
               FROM generate_series(1, 2510) n"""
        )
        await shop.execute(
            """INSERT INTO mailbox (message, at, recipient, subject, rule, template, partition, run, raw)
               SELECT gen_random_uuid(), now() - n * interval '20 days', '', '', '', '', 0, gen_random_uuid(), ''
               FROM generate_series(3, 1, -1) n"""
        )

        forgotten = await forget_old(shop.runtime)

        assert +forgotten == {"reject": 2500, "mailbox": 2}
        assert await shop.value("SELECT count(*) FROM reject") == 10
        assert await shop.value("SELECT count(*) FROM mailbox") == 1
        assert (await forget_old(shop.runtime)).total() == 0


async def test_old_hits_and_calls_of_providers_go_and_younger_ones_stay(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.execute(
            """INSERT INTO hit (partition, message, at, kind, raw)
               SELECT 0, gen_random_uuid(), now() - make_interval(days => CASE WHEN n <= 1500 THEN 91 ELSE 89 END),
                      'opened', '{}'
               FROM generate_series(1, 1510) n"""
        )
        await shop.execute(
            """INSERT INTO callback (provider, id, received_at, reports, unknown)
               SELECT 'ses', n, now() - n * interval '20 days', 1, 0 FROM generate_series(1, 3) n"""
        )

        forgotten = await forget_old(shop.runtime)

        assert +forgotten == {"hit": 1500, "callback": 2}
        assert await shop.value("SELECT count(*) FROM hit") == 10
