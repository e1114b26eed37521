"""Drills 2 and 3: whoever takes events, calls, clicks, choices and publications is killed at each failpoint; the other
side got no answer and does it again. It was done once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from dsl import plan
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.failpoints import FAILPOINTS
from engine.flow.publishing.publish_rules import publish
from tests.drills import armed
from tests.drills.armed import kill_at, was_killed
from tests.drills.operations import DEEDS, SETTINGS, SILENT, WAITS, WAITS_ANEW, customer_of
from tests.drills.test_failpoints_of_workers import POINTS, ROUNDS
from tests.engine.flow.shop import Shop, open_shop, rule

SUBJECTS = sum(len(deed.points) for deed in DEEDS)
LONG_AGO = timedelta(days=60)

SENT = """
    UPDATE message SET state = 'sent', settled_at = now() - interval '1 hour', created_at = now() - interval '2 hours'
"""
IN_INBOXES = """
    INSERT INTO inbox_message (partition, customer, message, title, text, data)
    SELECT partition, customer, id, 'Hello', 'A note', '{}' FROM message
"""


@pytest.fixture
async def shop(empty: EmbeddedServices) -> AsyncIterator[Shop]:
    """A customer for each kill, with a mail in the inbox, a run that waits, and a long silence."""
    async with open_shop(empty.endpoints.database_url, rule("hello", "registered"), WAITS) as shop:
        for number in range(SUBJECTS):
            told = [shop.event(f"{number}", name) for name in ("registered", "cart_left")]
            await shop.post(shop.event(f"{number}", "visited", ago=LONG_AGO), *told)
        await shop.advance()
        await shop.execute(SENT)
        await shop.execute(IN_INBOXES)
        newer = plan.Plan(rules=(rule("hello", "registered"), SILENT, WAITS_ANEW))
        await publish(shop.runtime.database, newer, templates={}, settings=SETTINGS)
        await shop.advance()
        yield shop


def test_every_failpoint_is_on_the_way_of_some_drill() -> None:
    elsewhere = {point for deed in DEEDS for point in deed.points}

    assert {*POINTS, *elsewhere} == set(FAILPOINTS)
    assert not elsewhere & set(POINTS)


@pytest.mark.parametrize("turn", range(ROUNDS))
async def test_what_is_done_again_after_a_kill_was_done_once(durable: EmbeddedServices, shop: Shop, turn: int) -> None:
    url = SecretStr(durable.endpoints.database_url)
    settings = Settings(database_url=url, waker="null", partitions=shop.partitions)
    missed, wrong, subject = [], [], 0
    for deed in DEEDS:
        for point in deed.points:
            process = armed.operation(settings, deed.operation, subject, kill_at(point))
            if not await was_killed(process):
                missed.append(point)
            await deed.operation(shop.runtime, subject)
            found = await shop.value(deed.effect, customer_of(subject), subject)
            if found != deed.count:
                wrong.append(f"{point}: {found}")
            subject += 1

    assert missed == []
    assert wrong == []
