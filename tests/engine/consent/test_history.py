"""Every change of consent is a line of its history, and what people chose by hand is not undone by what was old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.core.identity import customer_id
from engine.flow.customers.change_consent import Choice, change_consent
from tests.engine.flow.shop import Shop, open_shop, rule

NEWS = rule("welcome", "registered")


async def history(shop: Shop, key: str) -> list[tuple[Any, ...]]:
    rows = await shop.fetch(
        "SELECT what, given, how FROM consent_entry WHERE partition = $1 AND customer = $2 ORDER BY at, what",
        shop.partition(key),
        customer_id(key),
    )
    return [tuple(row) for row in rows]


async def consent(shop: Shop, key: str) -> Any:
    return await shop.value("SELECT consent FROM customer WHERE key = $1", key)


async def choose(shop: Shop, key: str, **words: bool | None) -> None:
    await change_consent(shop.runtime, Choice(customer=customer_id(key), words=words, how="preferences page"))


async def test_each_identify_that_changes_something_is_a_line(database_url: str):
    async with open_shop(database_url, NEWS) as shop:
        told = ({"email": True, "news": False}, {"email": True}, {"news": None}, {"email": False})
        for each in told:
            await shop.post(shop.identify("42", consent=each))
        await shop.advance()

        assert await consent(shop, "u:42") == {"email": False}
        assert await history(shop, "u:42") == [
            ("email", True, "identify"),
            ("news", False, "identify"),
            ("news", None, "identify"),
            ("email", False, "identify"),
        ]


async def test_what_was_told_before_the_press_and_decided_after_it_does_not_count(database_url: str):
    async with open_shop(database_url, NEWS) as shop:
        await shop.post(shop.identify("42", consent={"email": True, "news": True}))
        await shop.advance()
        await shop.post(shop.identify("42", consent={"email": True, "sales": True}))  # waits in the queue

        await choose(shop, "u:42", email=False)
        await shop.advance()

        assert await consent(shop, "u:42") == {"email": False, "news": True, "sales": True}


async def test_a_visit_later_does_not_undo_a_refusal_but_a_new_choice_does(database_url: str):
    async with open_shop(database_url, NEWS) as shop:
        await shop.post(shop.identify("42", consent={"email": True}))
        await shop.advance()
        await choose(shop, "u:42", email=False)

        await shop.post(shop.identify("42", consent={"email": True}))
        await shop.advance()
        after_visit = await consent(shop, "u:42")
        await shop.post(shop.identify("42", consent={"email": {"chosen": True}}))
        await shop.advance()

        assert (after_visit, await consent(shop, "u:42")) == ({"email": False}, {"email": True})


async def test_what_somebody_refused_by_hand_is_refused_after_a_merge(database_url: str):
    async with open_shop(database_url, NEWS) as shop:
        await shop.post(shop.identify("42", consent={"email": True}), shop.anonymous("x", "page_viewed"))
        await shop.advance()
        await choose(shop, "a:x", email=False)
        await shop.post(shop.merge("x", "42"))
        await shop.advance()
        before = await consent(shop, "u:42")
        await shop.post(shop.event("42", "registered", ago=timedelta(minutes=1)))
        await shop.advance()

        assert before == {"email": False}
        assert await history(shop, "u:42") == [("email", True, "identify"), ("email", False, "preferences page")]
        assert await history(shop, "a:x") == []


async def test_a_choice_is_an_event_that_rules_act_on(database_url: str):
    async with open_shop(database_url, rule("sorry", "email_unsubscribed")) as shop:
        await shop.post(shop.identify("42", email="a@b.example"))
        await shop.advance()

        await choose(shop, "u:42", email=False)
        await shop.advance()

        assert await shop.value("SELECT count(*) FROM run WHERE rule = 'sorry'") == 1
