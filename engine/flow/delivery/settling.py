"""Verdicts are written together, with what follows from them, and those who wait for them are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from engine.core.delivery.addresses import CONTACTS
from engine.failpoints import reach
from engine.flow.delivery.handing_over import Finished
from engine.runtime import Runtime
from engine.storage.customers.contacts import forget_contacts
from engine.storage.customers.suppressions import suppress
from engine.storage.database import TROUBLE
from engine.storage.delivery.messages import settle
from engine.storage.events.quarantine import quarantine

#: A verdict that cannot be written would end as `unknown` or as a double, so it is worth waiting for the database.
_WAITS_S = (0.1, 0.5, 1, 2, 5, 10, 20)

_log = structlog.get_logger(__name__)


async def settle_finished(runtime: Runtime, finished: Sequence[Finished]) -> None:
    """Raises TROUBLE when the database is away for longer than a verdict can wait."""
    for wait in (*_WAITS_S, None):
        try:
            woken = await _write(runtime, finished)
            break
        except TROUBLE as error:
            if wait is None:
                raise
            _log.warning("settling_waits", messages=len(finished), error=repr(error))
            await asyncio.sleep(wait)
    runtime.counts.attempted([ended.settlement.state for ended in finished])
    if woken:
        await runtime.waker.wake(woken)


async def _write(runtime: Runtime, finished: Sequence[Finished]) -> set[int]:
    reach("settle.begun")
    async with runtime.database.transaction() as connection:
        woken = await settle(connection, [ended.settlement for ended in finished])
        dead = [each for ended in finished for each in ended.dead_addresses]
        if dead:
            await suppress(connection, dead)
        if gone := [(channel, address) for channel, address, _ in dead if channel in CONTACTS]:
            await forget_contacts(connection, gone)
        poison = [ended.poison for ended in finished if ended.poison]
        if poison:
            await quarantine(connection, poison)
        reach("settle.written")
    reach("settle.committed")
    return woken
