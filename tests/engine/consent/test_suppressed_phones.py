"""A phone number is one number, however it is written."""

from __future__ import annotations

import pytest

from engine.core.delivery.addresses import PHONES
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.customers.suppressions import suppress, unsuppress
from engine.storage.database import Database
from tests.engine.delivery.outbox import Outbox


@pytest.mark.parametrize("phone", ["+491701234567", "+49 (170) 123-45-67", "0049 170 1234567", "+49\u00a0170/1234567"])
async def test_a_suppressed_number_is_known_again_in_any_spelling(database: Database, phone: str):
    outbox = Outbox(database)
    await outbox.publish(templates={"sms/hi.txt": "Hi"})
    await outbox.customer(phone=phone)
    message = await outbox.message(channel="sms", template="hi")
    async with database.transaction() as connection:
        await suppress(connection, [("sms", "+49 170 1234567", "asked on the phone")], kind="manual")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("suppressed", "the address is suppressed: asked on the phone")
    async with database.transaction() as connection:
        assert await unsuppress(connection, "sms", phone)


async def test_the_database_knows_the_channels_that_reach_phones(database: Database):
    async with database.connection() as connection:
        for channel in (*PHONES, "email", "telegram"):
            found = await connection.fetchval("SELECT suppressed_as($1, 'A 1')", channel)

            assert found == ("1" if channel in PHONES else "a 1")
