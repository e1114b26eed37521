"""Who acts in a world: two workers, an API, apps that send events, people who refuse."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from engine.config import Settings
from engine.core.identity import customer_id, known_key
from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from engine.flow.customers.change_consent import Choice, NoSuchCustomer, change_consent
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.upkeep.sweep import find_waiting
from engine.runtime import Runtime
from engine.storage.database import TROUBLE
from engine.storage.events.rejects import Reject
from engine.worker.lanes import AdvanceLanes, DeliverLane
from engine.worker.standby import Standby
from tests.simulation.database import GatedDatabase
from tests.simulation.director import Director
from tests.simulation.outside import DELIVERY, Bus, GatedChannel, GatedWaker, Provider
from tests.simulation.processes import Died, Process
from tests.simulation.server import moment
from tests.simulation.shop import PARTITIONS, Post, Refusal

T = TypeVar("T")
_SETTINGS = Settings(_env_file=None, waker="null")  # type: ignore[call-arg]


class Gone(Exception):
    """The process that was asked died before it answered."""


@dataclass
class Stage:
    """What all actors of one world share."""

    director: Director
    bus: Bus
    provider: Provider
    chance: random.Random
    acknowledged: set[UUID] = field(default_factory=set)  # events
    refused: dict[tuple[str, str], int] = field(default_factory=dict)  # address and channel -> step of the answer
    processes: list[Process] = field(default_factory=list)

    def begin(self, name: str) -> Process:
        process = Process(name, self.director.loop)
        self.processes.append(process)
        return process

    def runtime(self, process: Process) -> Runtime:
        channel = GatedChannel(self.provider, process)
        return Runtime(
            _SETTINGS,
            GatedDatabase(self.director, process),
            GatedWaker(self.bus, process),
            PARTITIONS,
            b"k" * 32,
            {"email": channel, "sms": channel},  # type: ignore[dict-item]
            clock=lambda: moment(self.director.loop.seconds),
        )


class Worker:
    """Lives, dies, and lives again."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage = stage
        self._name = name
        self.live()

    def live(self) -> None:
        self.process = self._stage.begin(self._name)
        self.process.context.run(self._begin)

    def _begin(self) -> None:
        runtime = self._stage.runtime(self.process)
        standby = Standby()
        deciding, delivering = AdvanceLanes(runtime, standby), DeliverLane(runtime, deliver_messages)

        def hear(what: set[int]) -> None:
            deciding.wake(what - {DELIVERY})
            if DELIVERY in what:
                delivering.wake()

        self._stage.bus.workers[self._name] = self.process, hear
        self.process.start(self._sweep(runtime, standby, hear))

    async def _sweep(self, runtime: Runtime, standby: Standby, hear: Callable[[set[int]], None]) -> None:
        """As engine/worker/process.py, but when the director says so. Who stands by may be wrong at any time."""
        while True:
            await self._stage.director.pass_gate(self.process, "sweep", "")
            try:
                standby.place = self._stage.chance.choice((0, 0, 1))
                waiting = await find_waiting(runtime, standby.patience)
            except TROUBLE:
                continue
            hear(set(waiting.partitions) | ({DELIVERY} if waiting.messages else set()))


class Api:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.live()

    def live(self) -> None:
        self.process = self._stage.begin("api")
        self.runtime = self._stage.runtime(self.process)
        self.process.context.run(self._begin)

    def _begin(self) -> None:
        self.writer = EventWriter(self.runtime.database, self.runtime.waker)

    async def answer(self, ask: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
        """Raises Gone."""
        process = self.process
        task = process.answer(ask(self))
        await asyncio.wait([task])
        if task.cancelled() or process.is_dead or isinstance(task.exception(), Died):
            raise Gone
        return task.result()


async def send(stage: Stage, api: Api, posts: tuple[Post, ...]) -> None:
    """An app: each batch again and again until it is acknowledged, and sometimes once more."""
    again: list[asyncio.Task[None]] = []
    for post in posts:
        await asyncio.sleep(max(post.at - stage.director.loop.seconds, 0))
        happened = moment(stage.director.loop.seconds)
        events = [event._replace(at=happened) for event in post.events]
        if stage.director.weather.strikes(0.1):
            await asyncio.gather(_post(stage, api, events, post.rejects), _post(stage, api, events, post.rejects))
        else:
            await _post(stage, api, events, post.rejects)
        if stage.director.weather.strikes(0.1):
            again.append(asyncio.create_task(_post_later(stage, api, events, 900 * stage.chance.random())))
    await asyncio.gather(*again)


async def _post_later(stage: Stage, api: Api, events: list[Any], delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    await _post(stage, api, events)


async def _post(stage: Stage, api: Api, events: list[Any], rejects: tuple[Reject, ...] = ()) -> None:
    while True:
        try:
            await api.answer(lambda api: api.writer.accept(events, rejects))
            break
        except (Overloaded, Gone):
            await asyncio.sleep(0.2 + 2 * stage.chance.random())
    stage.acknowledged.update(event.id for event in events)


async def refuse(stage: Stage, api: Api, refusal: Refusal) -> None:
    """Presses until there is an answer that it is in effect."""
    await asyncio.sleep(max(refusal.at - stage.director.loop.seconds, 0))
    choice = Choice(customer=customer_id(known_key(refusal.customer)), words={refusal.channel: False}, how="one-click")
    for _ in range(40):
        try:
            chosen = await api.answer(lambda api: change_consent(api.runtime, choice, patience=timedelta(seconds=20)))
        except NoSuchCustomer:
            return
        except (Gone, *TROUBLE):
            await asyncio.sleep(0.2 + stage.chance.random())
            continue
        if chosen.is_in_effect:
            address = f"{refusal.customer}@x.example" if refusal.channel == "email" else f"+7{refusal.customer}"
            stage.refused.setdefault((address, refusal.channel), stage.director.steps)
            return
        await asyncio.sleep(5)
