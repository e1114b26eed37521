"""Why a mail of the demo's day did not arrive."""

from __future__ import annotations

import asyncpg

from api.demo.outbox import Outbox as Watched
from engine.storage.database import Database
from tests.engine.delivery.outbox import Outbox


async def test_a_missing_mail_says_how_it_stands_and_why(database: Database, database_url: str):
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer(email="anna@example.com")
    await outbox.message(template="cart")
    await outbox.change("UPDATE message SET state = 'suppressed', reason = 'stop when order_placed'")
    connection = await asyncpg.connect(database_url)

    fates = await Watched(connection).fates([("anna@example.com", "cart"), ("anna@example.com", "welcome")])

    await connection.close()
    assert fates == {("anna@example.com", "cart"): "suppressed, stop when order_placed"}
