"""The demo waits for the mails that it announces, and says of one that did not arrive why."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg
from rich.console import Console

from api.demo.day import BEGINS, ENDS, Day
from api.demo.outbox import Outbox as Watched
from api.demo.play import Played, Stage, play
from api.demo.screen import Screen
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


MAIL = ("anna@example.com", "cart")
SENT = "UPDATE message SET state = 'sent', address = 'anna@example.com', settled_at = now()"


@dataclass
class Client:
    """Of a shop in which nothing happens."""

    sent: int = 0
    refused: list[str] = field(default_factory=list)

    def finish(self) -> None:
        pass


async def played(database_url: str, on_look: Callable[[int], None]) -> Played:
    """A day of a tenth of a second; `on_look` is given the number of the look at the server."""
    looks = 0

    def tend() -> bool:
        nonlocal looks
        looks += 1
        on_look(looks)
        return True

    connection = await asyncpg.connect(database_url)
    screen = Screen(Console(file=io.StringIO()), hours=ENDS - BEGINS)
    stage = Stage(Day(expected={MAIL}), Client(), Watched(connection), screen, 0.005, tend)  # type: ignore[arg-type]
    try:
        return await play(stage)
    finally:
        await connection.close()


async def test_the_demo_waits_for_a_mail_that_a_busy_machine_has_still_to_send(database: Database, database_url: str):
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer(email=MAIL[0])
    await outbox.message(template=MAIL[1])
    sending: list[asyncio.Task[None]] = []

    def send_late(look: int) -> None:
        if look == 5:  # the night is long over
            sending.append(asyncio.create_task(outbox.change(SENT)))

    found = await played(database_url, send_late)

    assert found.missing == {}
    assert len(sending) == 1


async def test_the_demo_does_not_wait_for_a_mail_that_will_not_come(database: Database, database_url: str):
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer(email=MAIL[0])
    await outbox.message(template=MAIL[1])
    await outbox.change("UPDATE message SET state = 'suppressed', settled_at = now()")
    looks: list[int] = []

    found = await played(database_url, looks.append)

    assert found.missing == {MAIL: "suppressed"}
    assert len(looks) < 10
