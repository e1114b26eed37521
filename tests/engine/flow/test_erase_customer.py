"""Who is erased is nowhere any more, gets nothing, and comes back as somebody new."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from engine.callbacks import Report
from engine.core.effects import Misfit
from engine.core.identity import customer_id
from engine.flow.answers.take_reports import Setting, take_reports
from engine.flow.customers.erase_customer import StillInHand, erase_customer
from engine.flow.customers.export_customer import export_customer
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.delivery.claiming import claim_messages
from engine.flow.delivery.judging import Room
from engine.storage.customers.holdings import HELD
from engine.storage.customers.suppressions import unsuppress
from engine.storage.events.rejects import insert_misfits
from engine.storage.reports.counting import counted_figures
from tests.engine.flow.held_data import MAIL, Planted, whole_database
from tests.engine.flow.shop import HOUR, Shop, known, open_shop, rule, utc

#: Tables with nothing of a person: of the installation, the rules and the figures; ids and hashes that are nobody's.
OF_NOBODY = {
    "alembic_version", "callback", "circuit", "erasure", "event_key", "figure", "figure_change", "figure_mark",
    "installation", "partition_cursor", "provider_use", "publication", "rule_set", "worker_heartbeat", "write_key",
}  # fmt: skip


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    later = rule("later", "cart_updated", delay=HOUR)
    async with open_shop(database_url, rule("now", "order_placed"), later, timezone="UTC") as shop:
        yield shop


async def test_every_table_is_known_to_hold_something_of_a_person_or_nothing(shop: Shop):
    rows = await shop.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    )

    assert {row["relname"] for row in rows} == HELD.keys() | OF_NOBODY


async def test_nothing_of_a_person_is_left_in_any_column_of_any_table(shop: Shop):
    planted = await Planted("u:canary-key").plant(shop)
    before = await whole_database(shop)

    await erase_customer(shop.runtime, "u:canary-key")

    after = await whole_database(shop)
    assert all(canary in before for canary in planted.canaries)
    assert "canary" not in after
    assert str(customer_id("u:canary-key")) not in after  # it is a hash of the key, and could be tried


async def test_an_export_has_all_that_is_held(shop: Shop):
    planted = await Planted("u:canary-key").plant(shop)

    async with shop.runtime.database.transaction() as connection:
        found = await export_customer(connection, "u:canary-key", partitions=shop.partitions)

    assert found.keys() == {called for called, _ in HELD.values()}
    assert {canary for canary in planted.canaries if canary not in str(found)} == set()


async def test_others_lose_nothing(shop: Shop):
    await shop.post(shop.event("ben", "order_placed", total=5), shop.identify("ben", email="ben@example.com"))
    await shop.advance()
    await Planted("u:canary-key").plant(shop)
    ben = await _export(shop, "u:ben")

    await erase_customer(shop.runtime, "u:canary-key")

    assert await _export(shop, "u:ben") == ben


async def test_figures_stay_as_they_were(shop: Shop):
    await Planted("u:canary-key").plant(shop)
    before = await _figures(shop)

    await erase_customer(shop.runtime, "u:canary-key")

    assert await _figures(shop) == before
    assert before


async def test_a_person_is_all_customers_that_were_merged_into_one(shop: Shop):
    await shop.post(
        shop.anonymous("canary-cookie", "product_viewed", path="canary-page"), shop.merge("canary-cookie", "42")
    )
    await shop.post(shop.event("42", "order_placed", note="canary-note"))
    await shop.advance()

    await erase_customer(shop.runtime, "a:canary-cookie")

    assert "canary" not in await whole_database(shop)
    assert not await shop.fetch("SELECT FROM customer")


async def test_who_is_on_the_way_into_the_person_is_waited_for(shop: Shop):
    await shop.post(shop.anonymous("canary-cookie", "product_viewed", path="canary-page"))
    await shop.post(shop.event("42", "order_placed", note="canary-note"))
    await shop.advance()
    await shop.post(shop.merge("canary-cookie", "42"))

    with pytest.raises(StillInHand):
        await erase_customer(shop.runtime, "u:42", patience=timedelta())
    await shop.advance()
    await erase_customer(shop.runtime, "u:42")

    assert "canary" not in await whole_database(shop)


async def test_a_rejected_event_with_the_id_as_a_number_goes_and_other_numbers_stay(shop: Shop):
    await shop.post(shop.event("42", "order_placed"))
    await shop.advance()
    for body in ('{"userId": 42, "event": 1}', '{"userId":"42"}', '{"userId": 420}', '{"userId": 7, "total": 42}'):
        await shop.execute("INSERT INTO reject (body, reason, source, path) VALUES ($1, 'x', 'shop', 'event')", body)

    await erase_customer(shop.runtime, "u:42")

    left = [row["body"] for row in await shop.fetch("SELECT body FROM reject ORDER BY 1")]
    assert left == ['{"userId": 420}', '{"userId": 7, "total": 42}']


@pytest.mark.parametrize("key", ["u:42", "u:Анна", 'u:"x"'])
async def test_a_refused_value_that_is_kept_with_the_customer_s_key_goes_and_those_of_others_stay(shop: Shop, key: str):
    await shop.post(shop.event(key[2:], "order_placed", total=5))
    await shop.advance()
    event = await shop.value("SELECT id FROM event LIMIT 1")
    misfit = Misfit(event=event, name="total", kind="number", value="much", of="order_placed")
    async with shop.runtime.database.transaction() as connection:
        for each in (key, key + "2"):
            await insert_misfits(connection, [(customer_id(key), each, misfit)])

    await erase_customer(shop.runtime, key)

    [left] = await shop.fetch("SELECT body FROM reject")
    assert json.loads(left["body"])["customer"] == key + "2"


async def test_events_that_nobody_has_decided_yet_go_as_well(shop: Shop):
    await shop.post(shop.event("anna", "order_placed"))
    await shop.advance()
    await shop.post(shop.event("anna", "order_placed", note="canary"))

    await erase_customer(shop.runtime, "u:anna")

    assert "canary" not in await whole_database(shop)
    assert (await shop.advance()).events == 0


async def test_while_events_flow_nothing_old_is_left_and_the_next_event_makes_somebody_new(shop: Shop):
    await shop.post(shop.identify("anna", email=MAIL, consent={"email": True}, city="canary-city"))
    await shop.post(*(shop.event("anna", "order_placed", note=f"canary-{number}") for number in range(50)))
    flowing, over = [], asyncio.Event()

    async def flow() -> None:
        while not over.is_set():
            flowing.append(shop.event("anna", "page_viewed"))
            await shop.post(flowing[-1], shop.event("ben", "order_placed"))
            await shop.advance()

    flow_task = asyncio.create_task(flow())
    async with asyncio.timeout(60):
        while not await shop.value("SELECT count(*) FROM message WHERE customer = $1", known("anna")):
            await asyncio.sleep(0.01)
        await erase_customer(shop.runtime, "u:anna")
        seen = len(flowing)
        while len(flowing) < seen + 3:
            await asyncio.sleep(0.01)
    over.set()
    await flow_task

    assert "canary" not in await whole_database(shop)
    [row] = await shop.fetch("SELECT * FROM customer WHERE id = $1", known("anna"))
    assert (row["email"], row["consent"], row["attributes"]) == (None, {}, {})


async def test_nothing_goes_out_any_more(shop: Shop):
    await shop.post(shop.identify("anna", email=MAIL), shop.event("anna", "order_placed"))
    await shop.post(shop.event("anna", "cart_updated"))
    await shop.advance()

    await erase_customer(shop.runtime, "u:anna")

    await shop.let_time_pass(timedelta(hours=2))
    assert (await shop.advance()).messages == 0
    assert (await claim_messages(shop.runtime, room=Room(total=10, marketing=10))).claimed == ()


async def test_what_is_being_handed_over_is_waited_for_and_nothing_follows_it(shop: Shop):
    await shop.post(shop.identify("anna", email=MAIL), shop.event("anna", "order_placed"))
    await shop.post(shop.event("anna", "cart_updated"))
    await shop.advance()
    await shop.execute("UPDATE message SET state = 'sending', attempt = id, deadline = now() + interval '1 hour'")

    with pytest.raises(StillInHand):
        await erase_customer(shop.runtime, "u:anna", patience=timedelta(milliseconds=50))

    assert [row["end_reason"] for row in await shop.fetch("SELECT end_reason FROM run WHERE rule = 'later'")] == [
        "erased"
    ]
    await shop.execute("UPDATE message SET state = 'sent', deadline = NULL, settled_at = now(), address = $1", MAIL)
    await erase_customer(shop.runtime, "u:anna")
    assert MAIL not in await whole_database(shop)


async def test_an_import_brings_no_consent_back_until_the_person_chooses(shop: Shop):
    await shop.post(shop.identify("anna", email=MAIL, consent={"email": True}))
    await shop.advance()
    await erase_customer(shop.runtime, "u:anna")

    await shop.post(shop.identify("new-id", email=MAIL.upper(), consent={"email": True}))
    await shop.post(shop.event("new-id", "order_placed"))
    await shop.advance()
    claim = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))

    [row] = await shop.fetch("SELECT state, reason FROM message")
    assert claim.claimed == ()
    assert row["reason"] == "no consent: the person was erased, and has not chosen again"

    await shop.post(shop.identify("chose", email=MAIL, consent={"email": {"chosen": True}}))
    await shop.post(shop.event("chose", "order_placed"))
    await shop.advance()
    claim = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))
    assert [claimed.message.key for claimed in claim.claimed] == ["u:chose"]


async def test_a_dead_address_stays_dead_though_it_is_on_no_list_any_more(shop: Shop):
    await Planted("u:canary-key").plant(shop)
    await erase_customer(shop.runtime, "u:canary-key")
    await shop.post(shop.identify("new-id", email=MAIL, consent={"email": {"chosen": True}}))
    await shop.post(shop.event("new-id", "order_placed"))
    await shop.advance()

    await claim_messages(shop.runtime, room=Room(total=10, marketing=10))

    [row] = await shop.fetch("SELECT reason FROM message WHERE customer = $1", known("new-id"))
    assert row["reason"] == "the address is suppressed: bounce"
    async with shop.runtime.database.transaction() as connection:
        assert await unsuppress(connection, "email", MAIL)
        assert not await unsuppress(connection, "email", MAIL)


async def test_what_is_reported_of_an_old_message_is_nobody_s(shop: Shop):
    planted = await Planted("u:canary-key").plant(shop)
    await erase_customer(shop.runtime, "u:canary-key")
    report = Report(kind="bounced", at=utc("2026-03-02T10:00+00:00"), message=planted.message, channel="email")

    async with shop.runtime.database.transaction() as connection:
        taken = await take_reports(
            connection,
            [report],
            Setting(texts=None, partitions=shop.partitions, public_url=None, soft_bounces=5),
        )

    assert taken.unknown == 1
    assert (await shop.advance()).events == 0


async def test_who_is_not_known_cannot_be_erased(shop: Shop):
    with pytest.raises(NobodyThere):
        await erase_customer(shop.runtime, f"u:{uuid4()}")


async def _export(shop: Shop, key: str) -> object:
    async with shop.runtime.database.transaction() as connection:
        return await export_customer(connection, key, partitions=shop.partitions)


async def _figures(shop: Shop) -> object:
    async with shop.runtime.database.connection() as connection:
        return await counted_figures(connection, utc("2020-01-01T00:00+00:00"), utc("2030-01-01T00:00+00:00"))
