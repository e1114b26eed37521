"""S13: people who are past the mark already are started when somebody asks for it, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dsl import plan
from engine.flow.publishing.include_past import count_past, include_past
from tests.engine.flow.shop import Shop, known, open_shop, rule, send

DAYS_30 = plan.Length(30, "day")
LONG_AGO = timedelta(days=60)


def starts(name: str, trigger: plan.Trigger, **more: Any) -> plan.Rule:
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=(send(name),), **more)


SILENT = starts("silent", plan.InactivityTrigger(event="order_placed", length=DAYS_30))
GOLD = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
ENTERS = starts("welcome", plan.SegmentTrigger(segment="gold", enters=True))
WATCHED: dict[str, Any] = {
    "segments": {"gold": plan.Segment(condition=GOLD, hash="1", file="s.rules", line=1)},
    "attributes": {"tier": "text"},
}
NOTHING_YET = rule("any", "pinged")


async def sent(shop: Shop) -> list[str]:
    rows = await shop.fetch("SELECT c.key, m.template FROM message m JOIN customer c ON c.id = m.customer ORDER BY 1")
    return [f"{row['key']} {row['template']}" for row in rows]


async def counted(shop: Shop, name: str) -> int:
    async with shop.runtime.database.connection() as connection:
        live = await connection.fetchval("SELECT max(id) FROM rule_set")
        program = (await shop.runtime.programs.load(connection, live)).program
        return (await count_past(connection, program, [program.by_name[name]]))[name]


async def people_with_old_orders(shop: Shop, *users: str) -> None:
    await shop.post(*(shop.event(user, "order_placed", ago=LONG_AGO) for user in users))
    await shop.advance()


async def test_s13_who_is_past_the_mark_is_started_only_when_asked_for(database_url: str) -> None:
    async with open_shop(database_url, NOTHING_YET) as shop:
        await people_with_old_orders(shop, "1", "2")
        await shop.post(shop.event("3", "order_placed"), shop.event("4", "pinged"))
        await shop.publish(SILENT)
        await shop.advance()
        unasked = await sent(shop)

        count = await counted(shop, "silent")
        started = await include_past(shop.runtime, "silent")
        await shop.advance()

        assert (unasked, count, started) == ([], 2, 2)
        assert await sent(shop) == ["u:1 silent", "u:2 silent"]


async def test_asking_again_starts_nobody_twice(database_url: str) -> None:
    async with open_shop(database_url, SILENT) as shop:
        await people_with_old_orders(shop, "1", "2")

        first = await include_past(shop.runtime, "silent")
        before_the_batch = await include_past(shop.runtime, "silent")
        await shop.advance()
        after_the_batch = await include_past(shop.runtime, "silent"), await counted(shop, "silent")
        await shop.advance()

        assert (first, before_the_batch, after_the_batch) == (2, 0, (0, 0))
        assert await sent(shop) == ["u:1 silent", "u:2 silent"]


async def test_slices_of_one_partition_go_on_where_they_were_ended(database_url: str) -> None:
    users = [str(number) for number in range(10)]
    async with open_shop(database_url, SILENT, partitions=1) as shop:
        await people_with_old_orders(shop, *users)

        with pytest.raises(KeyboardInterrupt):
            await include_past(shop.runtime, "silent", at_once=3, on_look=_ended_at_once)
        await shop.advance()
        first = len(await sent(shop))
        rest = await include_past(shop.runtime, "silent", at_once=3)
        await shop.advance()

        assert (first, rest) == (3, 7)
        assert await sent(shop) == [f"u:{user} silent" for user in users]


def _ended_at_once(_: int) -> None:
    raise KeyboardInterrupt


async def test_who_orders_before_the_batch_comes_to_them_is_left_alone(database_url: str) -> None:
    async with open_shop(database_url, SILENT) as shop:
        await people_with_old_orders(shop, "1", "2")
        await include_past(shop.runtime, "silent")

        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()

        assert await sent(shop) == ["u:2 silent"]


async def test_a_change_of_zone_before_the_batch_makes_nobody_overdue(database_url: str) -> None:
    async with open_shop(database_url, SILENT) as shop:
        await people_with_old_orders(shop, "1")
        await include_past(shop.runtime, "silent")

        await shop.post(shop.identify("1", timezone="Asia/Tokyo"))
        await shop.advance()

        assert await sent(shop) == ["u:1 silent"]


async def test_conditions_of_the_rule_are_asked_of_each(database_url: str) -> None:
    gold = plan.Guard(word="only if", condition=GOLD, text="only if customer is gold", line=1)
    guarded = starts("silent", SILENT.trigger, guards=(gold,))
    async with open_shop(database_url, guarded, attributes={"tier": "text"}) as shop:
        await people_with_old_orders(shop, "1", "2")
        await shop.post(shop.identify("2", tier="gold"))
        await shop.advance()

        await include_past(shop.runtime, "silent")
        await shop.advance()

        assert await sent(shop) == ["u:2 silent"]


async def test_members_of_a_segment_are_started_when_asked_for(database_url: str) -> None:
    async with open_shop(database_url, NOTHING_YET, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="silver"))
        await shop.advance()
        await shop.publish(ENTERS, **WATCHED)
        await shop.post(shop.identify("3", tier="gold"))
        await shop.advance()
        crossed = await sent(shop)

        count = await counted(shop, "welcome")
        started = await include_past(shop.runtime, "welcome")
        await shop.advance()
        again = await include_past(shop.runtime, "welcome")
        await shop.advance()

        assert (crossed, count, started, again) == (["u:3 welcome"], 1, 1, 0)
        assert await sent(shop) == ["u:1 welcome", "u:3 welcome"]


async def test_members_are_found_before_the_fill_has_come_to_them(database_url: str) -> None:
    async with open_shop(database_url, NOTHING_YET, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()
        await shop.publish(ENTERS, **WATCHED)

        started = await include_past(shop.runtime, "welcome")
        await shop.advance()

        assert (started, await sent(shop)) == (1, ["u:1 welcome"])


async def test_who_leaves_the_segment_before_the_batch_is_left_alone_and_may_be_asked_for_again(
    database_url: str,
) -> None:
    async with open_shop(database_url, NOTHING_YET, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()
        await shop.publish(ENTERS, **WATCHED)
        await include_past(shop.runtime, "welcome")

        await shop.post(shop.identify("1", tier="silver"))
        await shop.advance()

        assert await sent(shop) == []
        assert await shop.value("SELECT done FROM appointment WHERE errand = 'start'") == ""


async def test_an_edit_of_the_segment_calls_off_what_was_asked_for_by_the_old_definition(database_url: str) -> None:
    edited = plan.Segment(condition=GOLD, hash="2", file="s.rules", line=1)
    async with open_shop(database_url, NOTHING_YET, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()
        await shop.publish(ENTERS, **WATCHED)
        await include_past(shop.runtime, "welcome")

        await shop.publish(ENTERS, **(WATCHED | {"segments": {"gold": edited}}))
        await shop.advance()

        assert await sent(shop) == []


async def test_a_rule_that_is_gone_leaves_no_appointment_behind(database_url: str) -> None:
    async with open_shop(database_url, NOTHING_YET, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()
        await shop.publish(ENTERS, **WATCHED)
        await include_past(shop.runtime, "welcome")
        await shop.advance()

        await shop.publish(NOTHING_YET, attributes={"tier": "text"})
        await shop.advance()

        assert await shop.value("SELECT count(*) FROM appointment") == 0
        assert await include_past(shop.runtime, "welcome") == 0


async def test_merged_customers_are_started_as_one(database_url: str) -> None:
    async with open_shop(database_url, SILENT) as shop:
        await people_with_old_orders(shop, "1", "2")
        await shop.post(shop.merge_known("1", "2"))
        await shop.advance()

        started = await include_past(shop.runtime, "silent")
        await shop.advance()

        assert (started, await sent(shop)) == (1, ["u:2 silent"])
        assert (await shop.run_of("u:2"))["customer"] == known("2")
