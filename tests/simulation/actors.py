"""Who acts in a world: two workers, an API, apps that send events, people who refuse."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from engine.config import Settings
from engine.core.identity import customer_id, known_key
from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from engine.flow.customers.change_consent import Choice, NoSuchCustomer, change_consent
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.upkeep.sweep import find_waiting
from engine.runtime import LoadedRules, Runtime
from engine.storage.database import TROUBLE
from engine.storage.events.rejects import Reject
from engine.worker.lanes import AdvanceLanes, DeliverLane
from engine.worker.standby import Standby
from tests.simulation.changes import Look, Message
from tests.simulation.database import GatedDatabase
from tests.simulation.director import Director
from tests.simulation.outside import DELIVERY, PARTITIONS, Bus, GatedChannel, GatedWaker, Provider
from tests.simulation.processes import Died, Process
from tests.simulation.programs import SharedPrograms
from tests.simulation.server import moment
from tests.simulation.shop import Post, Refusal

T = TypeVar("T")
_SETTINGS = Settings(_env_file=None, waker="null")  # type: ignore[call-arg]


class Gone(Exception):
    """The process that was asked died before it answered."""


class _Awaited(NamedTuple):
    customer: UUID
    channel: str
    state: str
    came: asyncio.Future[bool]


@dataclass
class Stage:
    """What all actors of one world share."""

    director: Director
    bus: Bus
    provider: Provider
    chance: random.Random
    programs: Mapping[int, LoadedRules]
    merged: Collection[str] = ()  # keys of strangers who are known again
    acknowledged: set[UUID] = field(default_factory=set)  # events
    refused: dict[tuple[str, str], int] = field(default_factory=dict)  # address and channel -> step of the answer
    processes: list[Process] = field(default_factory=list)

    _awaited: list[_Awaited] = field(default_factory=list)

    def owner(self, attempt: UUID | None) -> Process | None:
        return next((each for each in self.processes if attempt in each.claimed), None)

    async def sees(self, customer: UUID, channel: str, state: str) -> bool:
        """When a message of theirs that is not a service gets there. False: none did until the end."""
        awaited = _Awaited(customer, channel, state, self.director.loop.create_future())
        self._awaited.append(awaited)
        return await awaited.came

    def saw(self, before: Look, after: Look) -> None:
        """People press, and processes awake, when it is worst."""
        for name, message in sorted(after.messages.items()):
            was = before.messages.get(name)
            if was is None or was.state != message.state:
                self._tell(message)
            if was is not None and was.attempt != message.attempt and (late := self.owner(was.attempt)) is not None:
                self._overtake(late, self.owner(message.attempt))

    def _overtake(self, late: Process, replaced_by: Process | None) -> None:
        """Who was taken for dead awakes just when the next one has begun, and that one stands still for a moment."""
        now = self.director.loop.seconds
        if late.frozen_until > now and replaced_by is not None and replaced_by is not late:
            late.frozen_until = now
            replaced_by.frozen_until = now + 5.0

    def _tell(self, message: Message) -> None:
        for each in self._awaited:
            fits = (message.customer, message.channel, message.state) == (each.customer, each.channel, each.state)
            if fits and not message.transactional and not each.came.done():
                each.came.set_result(True)

    def close(self) -> None:
        for each in self._awaited:
            if not each.came.done():
                each.came.set_result(False)

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
            programs=SharedPrograms(self.programs),
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
            deciding.wake(what - {DELIVERY}, timers=True)
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
    def __init__(self, stage: Stage, name: str) -> None:
        self._stage = stage
        self._name = name
        self.live()

    def live(self) -> None:
        self.process = self._stage.begin(self._name)
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
    async with asyncio.TaskGroup() as again:  # which ends with the app
        for post in posts:
            await asyncio.sleep(max(post.at - stage.director.loop.seconds, 0))
            happened = moment(stage.director.loop.seconds)
            events = [event._replace(at=happened) for event in post.events]
            if stage.director.weather.strikes(0.1):
                await asyncio.gather(_post(stage, api, events, post.rejects), _post(stage, api, events, post.rejects))
            else:
                await _post(stage, api, events, post.rejects)
            if stage.director.weather.strikes(0.1):
                again.create_task(_post_later(stage, api, events, 900 * stage.chance.random()))


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
    person = customer_id(known_key(refusal.customer))
    if refusal.when != "at once" and not await stage.sees(person, refusal.channel, refusal.when):
        return
    choice = Choice(customer=person, words={refusal.channel: False}, how="one-click")
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


async def publish_later(stage: Stage, api: Api, at: float | None) -> None:
    """The later rules, which are stored already: what makes them live is one row."""
    if at is None:
        return
    await asyncio.sleep(max(at - stage.director.loop.seconds, 0))

    async def publish(api: Api) -> None:
        async with api.runtime.database.connection() as connection:
            await connection.execute("INSERT INTO publication (rule_set, published_by) VALUES (2, 'operator')")

    while True:
        try:
            await api.answer(publish)
            return
        except (Gone, *TROUBLE):
            await asyncio.sleep(0.2 + stage.chance.random())
