"""Opens and closes the circuit of a provider, for all workers, and lets other ways go where it is open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from engine.circuits import LONGEST_PAUSE, breaker_of
from engine.clock import monotonic
from engine.core.ways import VERDICT
from engine.runtime import Runtime
from engine.storage.circuits import (
    close_circuits,
    lock_those_with_another_way,
    open_circuit,
    open_circuits,
    take_probes,
)
from engine.storage.database import Connection
from engine.storage.messages import Settlement

#: How old the knowledge of what is open may be where something is.
_LOOK_AGAIN_S = 0.5
_AT_ONCE = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gates:
    """What a claim has to know of providers that are down."""

    closed: Collection[str] = ()  # channels
    on_trial: Collection[str] = ()  # of which one message may go
    given_up: list[Settlement] = field(default_factory=list)  # they take their other way


async def look_up(connection: Connection, runtime: Runtime) -> None:
    runtime.circuits.open = {each.channel: each.reason for each in await open_circuits(connection)}
    runtime.circuits.looked_at = monotonic()


async def gates_of(connection: Connection, runtime: Runtime) -> Gates:
    """No statement as long as nothing is open."""
    circuits = runtime.circuits
    if not circuits.open:
        return Gates()
    if monotonic() - circuits.looked_at < _LOOK_AGAIN_S:
        return Gates(closed=set(circuits.open))
    await look_up(connection, runtime)
    if not circuits.open:
        return Gates()
    on_trial = await take_probes(connection, LONGEST_PAUSE)
    waiting = await lock_those_with_another_way(connection, circuits.open, VERDICT, limit=_AT_ONCE)
    given_up = [
        Settlement(
            partition=partition,
            message=message,
            attempt=None,
            state="failed",
            reason=f"not taken within 15 minutes: {circuits.open[channel]}",
            undeliverable=True,
        )
        for partition, message, channel in waiting
    ]
    return Gates(closed=circuits.open.keys() - on_trial, on_trial=on_trial, given_up=given_up)


async def open_gate(runtime: Runtime, channel: str, reason: str, settings: Mapping[str, Any]) -> None:
    """The operator hears of it once, from whoever was first."""
    breaker = breaker_of(settings, channel)
    if breaker is None:
        return
    async with runtime.database.connection() as connection:
        is_first = await open_circuit(connection, channel, reason, breaker.pause)
    runtime.circuits.open[channel] = reason
    runtime.circuits.looked_at = monotonic()
    if is_first:
        _log.error("provider_down", channel=channel, reason=reason, until="one message finds that it is back")


async def close_gates(runtime: Runtime, channels: Collection[str]) -> None:
    async with runtime.database.connection() as connection:
        closed = await close_circuits(connection, channels)
    for channel in channels:
        runtime.circuits.open.pop(channel, None)
    for channel in sorted(closed):
        _log.info("provider_back", channel=channel)
