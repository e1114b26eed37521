"""Opens and closes the circuit of a provider, for all workers, and lets other ways go where it is open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from engine.circuits import LONGEST_PAUSE, CircuitName, breaker_of
from engine.clock import monotonic
from engine.core.delivery.ways import VERDICT
from engine.core.reasons.of_delivery import NOT_TAKEN
from engine.runtime import Runtime
from engine.storage.database import Connection
from engine.storage.delivery.circuits import (
    close_circuits,
    lock_those_with_another_way,
    open_circuit,
    open_circuits,
    take_probes,
)
from engine.storage.delivery.messages import Settlement

#: How old the knowledge of what is open may be where something is.
_LOOK_AGAIN_S = 0.5
_AT_ONCE = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gates:
    """What a claim has to know of providers that are down."""

    closed: Mapping[CircuitName, str] = field(default_factory=dict)  # and why
    on_trial: Collection[CircuitName] = ()  # of which one message may go
    given_up: list[Settlement] = field(default_factory=list)  # they take their other way


async def look_up(connection: Connection, runtime: Runtime) -> None:
    runtime.circuits.open = {each.channel: each.reason for each in await open_circuits(connection)}


async def gates_of(connection: Connection, runtime: Runtime) -> Gates:
    """Runs no statement while no circuit is open."""
    circuits = runtime.circuits
    if not circuits.open:
        return Gates()
    if monotonic() - circuits.claimed_at < _LOOK_AGAIN_S:
        return Gates(closed=dict(circuits.open))
    circuits.claimed_at = monotonic()  # of claims alone: the sweep looks up, too, right before it wakes one
    await look_up(connection, runtime)
    if not circuits.open:
        return Gates()
    on_trial = await take_probes(connection, LONGEST_PAUSE)
    waiting = await lock_those_with_another_way(connection, circuits.open, VERDICT, limit=_AT_ONCE)
    given = [given_up(partition, message, circuits.open[channel]) for partition, message, channel in waiting]
    closed = {name: reason for name, reason in circuits.open.items() if name not in on_trial}
    return Gates(closed=closed, on_trial=on_trial, given_up=given)


def given_up(partition: int, message: UUID, reason: str) -> Settlement:
    """Its provider has been down for so long that the message goes by its other way (S19)."""
    return Settlement(
        partition=partition,
        message=message,
        attempt=None,
        state="failed",
        reason=NOT_TAKEN.of(why=reason),
        undeliverable=True,
    )


async def open_gate(runtime: Runtime, name: CircuitName, reason: str, settings: Mapping[str, Any]) -> None:
    """Open a circuit for all workers. The one that was first tells the operator."""
    breaker = breaker_of(settings, name.partition(" ")[0])
    if breaker is None:
        return
    async with runtime.database.connection() as connection:
        is_first = await open_circuit(connection, name, reason, breaker.pause)
    runtime.circuits.open[name] = reason
    runtime.circuits.claimed_at = monotonic()
    if is_first:
        _log.error("provider_down", channel=name, reason=reason, until="one message finds that it is back")


async def close_gates(runtime: Runtime, names: Collection[CircuitName]) -> None:
    async with runtime.database.connection() as connection:
        closed = await close_circuits(connection, names)
    for name in names:
        runtime.circuits.open.pop(name, None)
    for name in sorted(closed):
        _log.info("provider_back", channel=name)
