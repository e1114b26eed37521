"""What the processes talk to besides the database: hints between them, and the provider."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.channels import Handover, Rejected, Sent, TryLater, Unknown, Verdict
from tests.simulation.director import Director
from tests.simulation.processes import Died, Process

DELIVERY = -1
PARTITIONS = 2
Hear = Callable[[set[int]], None]


@dataclass
class Bus:
    """Wake-ups on their way to any of the workers: lost, doubled, late, in another order."""

    director: Director
    workers: dict[str, tuple[Process, Hear]] = field(default_factory=dict)
    chance: random.Random = field(default_factory=random.Random)

    def send(self, what: set[int]) -> None:
        import contextvars

        for delay in self.director.weather.delays_hint():
            self.director.loop.call_later(delay, self._arrive, what, context=contextvars.Context())

    def knock(self) -> None:
        """For nothing, at one of the workers."""
        self._arrive({*range(PARTITIONS), DELIVERY})

    def _arrive(self, what: set[int]) -> None:
        alive = [each for _, each in sorted(self.workers.items()) if not each[0].is_dead]
        if alive:
            process, hear = self.chance.choice(alive)
            process.context.run(hear, what)


@dataclass
class GatedWaker:
    """One gate for each wake-up: a process may die between its commit and the hint."""

    bus: Bus
    process: Process

    async def wake(self, partitions: Iterable[int]) -> None:
        await self._pass(set(partitions))

    async def wake_delivery(self) -> None:
        await self._pass({DELIVERY})

    async def _pass(self, what: set[int]) -> None:
        async def act() -> None:
            self.bus.send(what)

        await self.bus.director.pass_gate(self.process, "wake", str(sorted(what)), act)

    async def begin(self, partitions: Iterable[int]) -> None:
        if self.process.is_dead:
            raise Died

    async def begin_delivery(self) -> None:
        if self.process.is_dead:
            raise Died

    async def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that a provider has taken responsibility for."""

    message: UUID
    at: float  # virtual seconds
    step: int  # of the director
    customer: str  # address
    rule: str
    template: str
    channel: str
    is_service: bool


@dataclass
class Provider:
    """Of all processes: it outlives them. What it has taken cannot be taken back."""

    director: Director
    refuses: frozenset[str] = frozenset()  # templates
    taken: list[Taken] = field(default_factory=list)
    asked: dict[UUID, int] = field(default_factory=dict)
    answered: dict[tuple[Process, UUID], int] = field(default_factory=dict)  # the director's step
    chance: random.Random = field(default_factory=random.Random)

    def has_answered(self, process: Process, message: UUID, attempt: UUID | None) -> bool:
        """Whether the process knows what became of the attempt."""
        return attempt is not None and self.answered.get((process, message), -1) >= process.claimed[attempt]

    def take(self, handover: Handover) -> Sent:
        origin = handover.origin
        self.taken.append(
            Taken(
                handover.message,
                self.director.loop.seconds,
                self.director.steps,
                handover.address,
                origin.rule,
                origin.template,
                handover.channel,
                handover.is_service,
            )
        )
        return Sent(f"<{handover.message}>")


@dataclass
class GatedChannel:
    """A process's way to the provider."""

    provider: Provider
    process: Process

    async def send(self, handover: Handover) -> Verdict:
        provider, weather = self.provider, self.provider.director.weather
        label = f"{handover.channel} {handover.origin.template} {handover.message}"
        provider.asked[handover.message] = provider.asked.get(handover.message, 0) + 1

        async def act() -> Verdict:
            return self._judge(handover)

        gate: Any = await provider.director.pass_gate(self.process, "provider", label, act, writes=True)
        verdict: Verdict = gate
        provider.answered[self.process, handover.message] = provider.director.steps
        if weather.strikes(0.02):
            return Unknown("the connection was lost after the last byte")
        return verdict

    def _judge(self, handover: Handover) -> Verdict:
        weather, provider = self.provider.director.weather, self.provider
        if handover.origin.template in provider.refuses:
            return Rejected("550 no such mailbox")
        if provider.asked[handover.message] < 3 and weather.strikes(0.05):
            return TryLater("451 come back", timedelta(seconds=weather.chance.choice((1, 20, 90))))
        if weather.strikes(0.02):
            return Unknown("the connection was lost after the last byte")
        return provider.take(handover)
