"""One seed: a world is made, lives until nothing is due any more, and is judged."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from structlog.testing import capture_logs

from engine.flow.publishing.publish_rules import publish
from engine.storage.database import Database
from engine.storage.events.event_partitions import make_event_partitions
from engine.storage.installation import found_installation
from tests.simulation.actors import Api, Stage, Worker, publish_later, refuse, send
from tests.simulation.director import Director
from tests.simulation.faults import Weather
from tests.simulation.laws import Broken, Laws
from tests.simulation.oracle import compare
from tests.simulation.outside import PARTITIONS, Bus, Provider
from tests.simulation.processes import Process, task_factory
from tests.simulation.programs import SharedPrograms
from tests.simulation.sabotage import Sabotage
from tests.simulation.server import DAWN, Server
from tests.simulation.shop import REFUSED_BY_PROVIDER, SETTINGS, TEMPLATES, plans, script_of
from tests.simulation.virtual_loop import VirtualLoop, WorldLoop, made_time_and_chance

_RESTART_S = 3.0
#: A mistake of ours that was caught at an edge.
_MISTAKES = {("delivery_failed", "error"), ("batch_failed", "warning")}
_VACUUM_EVERY = 200


@dataclass
class Report:
    seed: int
    failure: str | None = None
    steps: int = 0
    taken: int = 0
    events: int = 0
    compared: int = 0
    faults: int = 0
    digest: str = ""
    trace: list[str] = field(default_factory=list)


class Simulation:
    """Many worlds, one after the other, on one database."""

    def __init__(self, loop: VirtualLoop, url: str) -> None:
        self.loop = loop
        self.server = Server(url)
        self._url = url
        self._played = 0
        self._was_left_clean = True

    async def open(self) -> None:
        await self.server.open()
        database = Database(self._url)
        await database.open()
        await found_installation(database, PARTITIONS)
        await make_event_partitions(database)
        published = [await publish(database, each, templates=TEMPLATES, settings=SETTINGS) for each in plans()]
        await database.close()
        assert [each.rule_set for each in published] == [1, 2]
        self.programs = {each: await SharedPrograms.of(self.server.own.connection, each) for each in (1, 2)}

    async def close(self) -> None:
        await self.server.close()

    async def play(self, seed: int, sabotage: Sabotage | None = None) -> Report:
        self._played += 1
        if not self._was_left_clean:
            await self.server.reopen()
        self._was_left_clean = False
        if self._played % _VACUUM_EVERY == 0:
            await self.server.vacuum()
        await self.server.clear(PARTITIONS)
        self.loop.seconds = 0.0
        report = Report(seed)
        world = _World(self, seed, sabotage)
        with made_time_and_chance(self.loop, seed), capture_logs() as logs:
            try:
                await world.live()
                report.compared = await compare(
                    self.server, [each.program for each in self.programs.values()], world.script
                )
                mistakes = [each for each in logs if (each["event"], each["log_level"]) in _MISTAKES]
                if mistakes:
                    raise Broken(f"the engine met what it did not expect: {mistakes[0]}")
            except Exception as error:
                report.failure = f"{type(error).__name__}: {error}"
        self._was_left_clean = report.failure is None
        director = world.director
        report.steps, report.trace, report.faults = director.steps, director.trace, director.weather.drawn
        report.taken, report.events = len(world.stage.provider.taken), len(world.stage.acknowledged)
        report.digest = hashlib.blake2b("\n".join(director.trace).encode(), digest_size=8).hexdigest()
        return report


class _World:
    def __init__(self, simulation: Simulation, seed: int, sabotage: Sabotage | None) -> None:
        self.loop, self.server = simulation.loop, simulation.server
        self.script = script_of(seed)
        has_storm = sabotage is not None and sabotage.gathers
        weather = Weather.storm(seed, sabotage.gathers, sabotage.only) if has_storm else Weather.of(seed)
        self.director = Director(self.loop, self.server, seed, weather, self._look, lambda: bus.knock(), sabotage)
        chance = random.Random(f"actors {seed}")
        bus = Bus(self.director, chance=random.Random(f"bus {seed}"))
        self.stage = Stage(
            self.director,
            bus,
            Provider(self.director, REFUSED_BY_PROVIDER),
            chance,
            simulation.programs,
            self.script.merged,
        )
        self.laws = Laws(self.server, self.stage)

    async def live(self) -> None:
        self.director.is_over = self.loop.create_future()
        people: list[asyncio.Task[None]] = []
        self.loop.asking.on_idle = self.director.on_idle
        try:
            workers = [Worker(self.stage, name) for name in ("worker-1", "worker-2")]
            apis = [Api(self.stage, name) for name in ("api-1", "api-2")]
            lives = {each.process.name: each.live for each in (*workers, *apis)}
            self.director.deaths.append(lambda process: self._restart(process, lives))
            people = [asyncio.create_task(send(self.stage, *each)) for each in zip(apis, self.script.apps, strict=True)]
            people += [asyncio.create_task(refuse(self.stage, apis[1], each)) for each in self.script.refusals]
            people += [asyncio.create_task(publish_later(self.stage, apis[0], self.script.publishes_at))]
            await self.director.is_over
            self.stage.close()
            await asyncio.gather(*people)
        finally:
            await self._end(people)
        await self.laws.judge()

    def _restart(self, process: Process, lives: dict[str, object]) -> None:
        delay = _RESTART_S * self.stage.chance.random()
        self.loop.call_later(delay, lives[process.name], context=contextvars.Context())  # type: ignore[arg-type]

    async def _end(self, people: list[asyncio.Task[None]]) -> None:
        """Nothing of this world may reach into the next one."""
        self.director.deaths.clear()
        for process in self.stage.processes:
            if not process.is_dead:
                self.director.kill(process)
        for task in people:
            task.cancel()
        left = {task for process in self.stage.processes for task in process.tasks} | set(people)
        await asyncio.gather(*left, return_exceptions=True)
        await self.director.wind_up()
        self.loop.asking.on_idle = None

    async def _look(self, after: str) -> float | None:
        """When something is due next."""
        await self.laws.look(after)
        due = self.laws.known.due
        return (due - DAWN).total_seconds() if due is not None else None


@contextmanager
def simulation(url: str) -> Iterator[tuple[asyncio.Runner, Simulation]]:
    loop = WorldLoop()
    loop.set_task_factory(task_factory)  # type: ignore[arg-type]
    loop.set_exception_handler(lambda *_: None)  # tasks of dead processes
    structlog.reset_defaults()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        made = Simulation(loop, url)
        runner.run(made.open())
        gc.collect()
        gc.freeze()  # what is loaded outlives all worlds: none has to look through it
        yield runner, made
        gc.unfreeze()
        runner.run(made.close())
    gc.collect()
