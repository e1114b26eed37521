"""Drill 35: a worker is asked to stop while the mail server has its mails and has not answered."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from random import Random

from pydantic import SecretStr

from api.drill.sink import Sink
from api.drill.stories import tell_stories
from engine.config import Settings
from engine.embedded import EmbeddedServices
from tests.drills import armed
from tests.drills.events_told import events_told
from tests.engine.flow.shop import Shop

SEED = 20261126
PEOPLE = 40
LONG_S = 60


async def test_a_worker_that_is_asked_to_stop_waits_for_the_mail_server_and_leaves_no_mail_in_doubt(
    durable: EmbeddedServices, mailing_shop: Shop
) -> None:
    taken, goes_on = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        taken.set()
        goes_on.wait(LONG_S)

    with Sink(before_answer=hold) as sink:
        settings = Settings(
            database_url=SecretStr(durable.endpoints.database_url),
            smtp_url=SecretStr(sink.url),
            waker="null",
            partitions=8,
        )
        await mailing_shop.post(*events_told(mailing_shop, tell_stories(Random(SEED), first=0, count=PEOPLE)))
        worker = armed.worker(settings)
        try:
            assert await asyncio.to_thread(taken.wait, LONG_S)
            in_hand = await mailing_shop.value("SELECT count(*) FROM message WHERE state = 'sending'")
            worker.terminate()
            await asyncio.to_thread(worker.join, 1)
            lives = worker.is_alive()
            goes_on.set()
            await asyncio.to_thread(worker.join, LONG_S)
            code = worker.exitcode
        finally:
            goes_on.set()
            worker.kill()
            worker.join()

    rows = await mailing_shop.fetch("SELECT id, state FROM message WHERE state <> 'queued' OR maybe_duplicate")
    assert in_hand > 0, "no mail was on its way: the drill did not bite"
    assert (lives, code) == (True, 0)
    assert {row["state"] for row in rows} == {"sent"}
    assert sink.arrived == Counter(row["id"] for row in rows)
