"""What cannot be decided is set aside with its reason, and its partition goes on."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.flow.shop import HOUR, known, open_shop, rule


async def test_an_event_that_cannot_be_read_is_quarantined_and_its_neighbours_are_decided(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        poison = shop.event("9", "registered")
        await shop.post(*(shop.event(str(number), "registered") for number in range(5)))
        await shop.post(poison)
        await shop.execute("UPDATE event SET body = jsonb_set(body, '{properties}', '[1]') WHERE id = $1", poison.id)
        await shop.execute('UPDATE event SET body = body || \'{"cause": {"run": 1}}\' WHERE id = $1', poison.id)
        await shop.post(*(shop.event(str(number), "registered") for number in range(10, 15)))

        await shop.advance()

        assert await shop.value("SELECT count(*) FROM message") == 10
        (row,) = await shop.fetch("SELECT what, subject, reason FROM quarantine")
        assert (row["what"], row["subject"]) == ("event", str(poison.id))
        assert row["reason"]


async def test_a_run_that_cannot_go_on_ends_as_failed_after_three_tries(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_abandoned", delay=HOUR), partitions=1) as shop:
        await shop.post(shop.event("1", "cart_abandoned"), shop.event("2", "cart_abandoned"))
        await shop.advance()
        await shop.execute("UPDATE run SET rule = 'gone' WHERE customer = $1", known("1"))
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:2") == ["cart"]
        run = await shop.run_of("u:1")
        assert (run["state"], run["end_reason"], run["wake_at"]) == ("ended", "failed", None)
        (row,) = await shop.fetch("SELECT what, subject, tries FROM quarantine")
        assert (row["what"], row["subject"], row["tries"]) == ("run", str(run["id"]), 3)


async def test_a_run_that_cannot_be_read_ends_as_failed(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_abandoned", delay=HOUR), partitions=1) as shop:
        await shop.post(shop.event("1", "cart_abandoned"), shop.event("2", "cart_abandoned"))
        await shop.advance()
        await shop.execute("""UPDATE run SET body = body || '{"since": "yesterday"}' WHERE customer = $1""", known("1"))
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:2") == ["cart"]
        assert (await shop.run_of("u:1"))["end_reason"] == "failed"


async def test_a_poisoned_partition_goes_on_with_what_comes_later(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        poison = shop.event("9", "registered")
        await shop.post(poison)
        await shop.execute('UPDATE event SET body = body || \'{"cause": {"run": 1}}\' WHERE id = $1', poison.id)
        await shop.advance()
        await shop.post(shop.event("1", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["welcome"]
