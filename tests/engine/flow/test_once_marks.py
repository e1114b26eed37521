"""`once per` counts what was sent, and nothing else (S6, D12)."""

from __future__ import annotations

from dsl import plan
from engine.storage.delivery.messages import Settlement, settle
from tests.engine.flow.shop import Shop, open_shop, rule, send, stop

ONCE = plan.OncePer(window=plan.Length(7, "day"))


async def marks(shop: Shop) -> int:
    count: int = await shop.value("SELECT count(*) FROM once_mark")
    return count


async def test_a_stop_that_withdraws_a_message_of_an_earlier_batch_frees_the_mark(database_url: str) -> None:
    offer = rule("offer", "registered", once=ONCE, stops=(stop("order_placed"),))
    async with open_shop(database_url, offer) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        assert await marks(shop) == 1
        await shop.post(shop.event("1", "order_placed"))

        await shop.advance()

        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"
        assert await marks(shop) == 0
        assert await shop.value("SELECT count(*) FROM outcome") == 0


async def test_a_message_that_fails_after_its_run_was_stopped_frees_the_mark(database_url: str) -> None:
    offer = rule("offer", "registered", once=ONCE, stops=(stop("order_placed"),))
    async with open_shop(database_url, offer) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'sending', attempt = id")
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        assert await marks(shop) == 1

        await report(shop, "failed")
        await shop.advance()

        assert await marks(shop) == 0


async def test_a_message_that_is_sent_after_its_run_was_stopped_keeps_the_mark(database_url: str) -> None:
    offer = rule("offer", "registered", once=ONCE, stops=(stop("order_placed"),))
    async with open_shop(database_url, offer) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'sending', attempt = id")
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()

        await report(shop, "sent")
        await shop.advance()

        assert await marks(shop) == 1


async def test_what_a_restart_took_back_does_not_free_the_mark_of_what_is_said_now(database_url: str) -> None:
    offer = rule("offer", "registered", send("first"), send("second"), once=ONCE, repeated="restart")
    async with open_shop(database_url, offer) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET created_at = created_at - interval '2 minutes'")
        await shop.post(shop.event("1", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["first"]
        assert await shop.value("SELECT count(*) FROM message WHERE state = 'suppressed'") == 1
        assert await marks(shop) == 1


async def report(shop: Shop, state: str) -> None:
    (row,) = await shop.fetch("SELECT partition, id, attempt FROM message")
    verdict = Settlement(partition=row["partition"], message=row["id"], attempt=row["attempt"], state=state)  # type: ignore[arg-type]
    async with shop.runtime.database.transaction() as connection:
        await settle(connection, [verdict])
