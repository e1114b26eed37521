"""What cannot be decided is set aside with its reason, and its partition goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.flow.advancing import set_aside
from engine.flow.advancing.advance_partition import TRANSIENT, TRIES, advance_partition, pass_poison
from tests.engine.flow.shop import HOUR, Shop, known, open_shop, rule, send, stop

UNREADABLE = 'UPDATE event SET body = body || \'{"cause": {"run": 1}}\' WHERE id = $1'
#: As a server that cannot write.
IN_TROUBLE = """
    CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE {}; END $$;
    CREATE TRIGGER trouble BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION trouble()
"""
BROKEN_RUN = """UPDATE run SET body = body || '{"since": "yesterday"}' WHERE customer = $1"""


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


@pytest.mark.parametrize(
    "trouble",
    ["disk_full", "out_of_memory", "io_error", "admin_shutdown", "deadlock_detected", "read_only_sql_transaction"],
)
async def test_trouble_of_the_server_is_blamed_on_no_event_however_often_it_is_met(
    database_url: str, trouble: str
) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        await shop.execute(IN_TROUBLE.format(trouble))
        await shop.post(shop.event("1", "registered"))
        for _ in range(TRIES + 1):
            with pytest.raises(TRANSIENT):
                await shop.advance()
        await shop.execute("DROP TRIGGER trouble ON message")

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["welcome"]
        assert await shop.value("SELECT count(*) FROM quarantine") == 0


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


async def test_two_workers_that_meet_one_poison_event_step_over_that_event_alone(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        poison = shop.event("9", "registered")
        await shop.post(poison, shop.event("1", "registered"))
        await shop.execute(UNREADABLE, poison.id)
        suspect = await set_aside.find_suspect(shop.runtime.database, 0, "events")

        first = await set_aside.set_aside(shop.runtime.database, suspect, ValueError("bad"), tries=3)
        second = await set_aside.set_aside(shop.runtime.database, suspect, ValueError("bad"), tries=3)

        await shop.advance()
        assert (first, second) == (True, False)
        assert await shop.templates_sent_to("u:1") == ["welcome"]
        assert await shop.value("SELECT count(*) FROM quarantine") == 1


async def test_workers_side_by_side_lose_no_healthy_event_around_poison(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        users = [str(number) for number in range(12)]
        for user in users:
            poison = shop.event(f"bad {user}", "registered")
            await shop.post(poison, shop.event(user, "registered"))
            await shop.execute(UNREADABLE, poison.id)

        for _ in range(40):
            if await shop.value("SELECT count(*) FROM message") == len(users):
                break
            await asyncio.gather(*(advance_partition(shop.runtime, 0) for _ in range(3)))

        assert await shop.value("SELECT count(*) FROM message") == len(users)
        assert await shop.value("SELECT count(*) FROM quarantine") == len(users)


async def test_what_cannot_be_read_was_tried_three_times_on_its_own(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        poison = shop.event("9", "registered")
        await shop.post(poison)
        await shop.execute(UNREADABLE, poison.id)

        await shop.advance()

        assert await shop.value("SELECT tries FROM quarantine") == 3


async def parked(shop: Shop, *users: str) -> None:
    """Each has a run that waits for the verdict of its first message."""
    await shop.post(*(shop.event(user, "registered") for user in users))
    await shop.advance()


async def test_a_poisoned_verdict_ends_its_run_and_spares_healthy_verdicts_and_timers(database_url: str) -> None:
    two = rule("two", "registered", send("first"), send("second"))
    async with open_shop(database_url, two, rule("cart", "cart_abandoned", delay=HOUR), partitions=1) as shop:
        await parked(shop, "bad", "good")
        await shop.post(shop.event("3", "cart_abandoned"))
        await shop.advance()
        await shop.execute(BROKEN_RUN, known("bad"))
        await shop.execute(
            """INSERT INTO outcome
               SELECT partition, id, run, customer, 'sent', CASE customer WHEN $1 THEN now() ELSE now() + '1s' END
               FROM message""",
            known("bad"),
        )
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:good") == ["first", "second"]
        assert await shop.templates_sent_to("u:3") == ["cart"]
        run = await shop.run_of("u:bad")
        assert (run["state"], run["end_reason"]) == ("ended", "failed")
        assert await shop.value("SELECT count(*) FROM quarantine") == 1


async def test_while_poison_is_passed_no_timer_overtakes_a_stop_that_was_received(database_url: str) -> None:
    cart = rule("cart", "cart_abandoned", delay=HOUR, stops=(stop("order_placed"),))
    async with open_shop(database_url, cart, partitions=1) as shop:
        await shop.post(shop.event("1", "cart_abandoned"))
        await shop.advance()
        poisons = [shop.event("9", "cart_abandoned") for _ in range(2)]
        await shop.post(*poisons, shop.event("1", "order_placed"))
        for poison in poisons:
            await shop.execute(UNREADABLE, poison.id)
        await shop.execute("UPDATE run SET wake_at = now()")

        await pass_poison(shop.runtime, [0])
        await shop.advance()

        assert await shop.value("SELECT count(*) FROM message") == 0
        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"


@pytest.mark.parametrize("what", ["events", "timers", "outcomes"])
async def test_nothing_is_set_aside_where_nothing_waits(database_url: str, what: set_aside.What) -> None:
    async with open_shop(database_url, partitions=1) as shop:
        suspect = await set_aside.find_suspect(shop.runtime.database, 0, what)

        done = await set_aside.set_aside(shop.runtime.database, suspect, ValueError("bad"), tries=3)

        assert not done
        assert await shop.value("SELECT count(*) FROM quarantine") == 0


async def test_a_merge_is_not_blamed_for_poison_in_the_partition_that_it_merges_into(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        poison = shop.event("9", "registered")
        anonymous = next(f"b{n}" for n in range(100) if shop.partition(f"a:b{n}") != poison.partition)
        await shop.post(poison)
        await shop.execute(UNREADABLE, poison.id)
        await shop.post(shop.merge(anonymous, "9"))
        merging = shop.partition(f"a:{anonymous}")

        await advance_partition(shop.runtime, merging)
        await shop.advance()

        assert await shop.value("SELECT merged_into FROM customer WHERE key = $1", f"a:{anonymous}") == known("9")
        quarantined = await shop.fetch("SELECT subject FROM quarantine")
        assert [row["subject"] for row in quarantined] == [str(poison.id)]
