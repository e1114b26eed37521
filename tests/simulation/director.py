"""Decides what happens next: one gate is opened at a time, and it is the seed that says which."""

from __future__ import annotations

import asyncio
import contextvars
import random
from bisect import bisect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import accumulate
from operator import attrgetter
from typing import Any

import asyncpg

from tests.simulation.faults import Fault, Weather
from tests.simulation.processes import Died, Process
from tests.simulation.sabotage import Sabotage
from tests.simulation.server import Line, Server, is_stable
from tests.simulation.virtual_loop import VirtualLoop

#: Real time in which a statement that waits for no lock has most often ended.
_PATIENCE_S = 0.003
#: How long a process that stands still does so: longer than a lease.
STANDSTILL_S = 60.0
_SWEEP_S = 1.5
_MOST_STEPS = 6_000
#: Steps after which others are slow.
_PACED_FOR = 60
_SLOW = 0.02
#: How often somebody looks in the last second before something is due.
_KNOCKS = 0.15


class Stuck(AssertionError):
    """It would go on for ever, and nothing comes of it."""


@dataclass(eq=False, slots=True)
class Gate:
    """An await of a port: nothing of it has happened yet."""

    process: Process
    kind: str  # statement, commit, rollback, wake, sweep, provider
    label: str
    act: Callable[[], Awaitable[Any]] | None
    done: asyncio.Future[Any]
    line: Line | None = None
    writes: bool = False  # something that others see
    number: int = 0
    fault: Fault | None = None
    #: Not by arrival alone: rows that are due at the same moment come in any order.
    order: tuple[str, str, int] = field(init=False)
    task: asyncio.Task[Any] | None = None
    waits: bool = False  # for a lock
    on_loss: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.order = self.process.name, self.label, self.number

    @property
    def is_running(self) -> bool:
        return not self.waits and self.task is not None and not self.task.done()

    @property
    def is_done(self) -> bool:
        return self.task is not None and self.task.done()


_BY_ORDER = attrgetter("order")


@dataclass(eq=False)
class Director:
    loop: VirtualLoop
    server: Server
    seed: int
    weather: Weather
    look: Callable[[str], Awaitable[float | None]]  # at the laws, after what was committed; what is due next
    knock: Callable[[], None]  # for nothing: just before something is due
    sabotage: Sabotage | None = None
    trace: list[str] = field(default_factory=list)
    deaths: list[Callable[[Process], None]] = field(default_factory=list)
    is_over: asyncio.Future[None] | None = None
    steps: int = 0
    _parked: list[Gate] = field(default_factory=list)
    _open: list[Gate] = field(default_factory=list)  # their act is under way
    _own: asyncio.Task[Any] | None = None  # the director's own look at the server
    _cleaning: set[asyncio.Task[Any]] = field(default_factory=set)
    _due: float | None = None
    _due_known: bool = False
    _knocked_before: float = -1.0  # what is due then
    _chance: random.Random = field(init=False)
    failure: BaseException | None = None
    _is_at_rest: bool = False
    _paces: dict[tuple[str, int], float] = field(default_factory=dict)
    _paced_at: int = 0
    _resting: asyncio.Future[None] | None = None
    _slow: str = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"schedule {self.seed}")
        self._slow = self._chance.choice(("", "", "api commit", "api commit", "provider", "commit", "written"))
        if self.sabotage is not None and self.sabotage.slow:
            self._slow = self.sabotage.slow

    # for ports

    async def pass_gate(
        self,
        process: Process,
        kind: str,
        label: str,
        act: Callable[[], Awaitable[Any]] | None = None,
        *,
        line: Line | None = None,
        writes: bool = False,
        on_loss: Callable[[], None] | None = None,
    ) -> Any:
        """What `act` answers, once it was this gate's turn. Raises Died in a dead process."""
        if process.is_dead:
            raise Died
        process.gates += 1
        done = self.loop.create_future()
        gate = Gate(process, kind, label, act, done, line, writes, process.gates, on_loss=on_loss)
        self._parked.append(gate)
        return await done

    def clean(self, line: Line) -> None:
        """What the server does for a client that is gone. Nothing else happens before it is done."""
        task = self._begin(self._clean(line))
        self._cleaning.add(task)
        task.add_done_callback(self._cleaned)

    # the loop's question

    def on_idle(self, timeout: float | None) -> None:
        """The loop has nothing left to run. `timeout`: until its next timer, in virtual seconds."""
        try:
            if self.is_over is None or self.is_over.done():
                self._rest(timeout)
                return
            self._go_on(timeout)
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        if self.is_over is not None and not self.is_over.done():
            self.is_over.set_exception(error)

    def _go_on(self, timeout: float | None) -> None:
        if self._own or self._cleaning or any(gate.is_running for gate in self._open):
            if not self.loop.asking.wait(_PATIENCE_S) and self._own is None and not self._cleaning:
                self._begin_own(self._look_for_locks())
        elif finished := sorted((gate for gate in self._open if gate.is_done), key=_BY_ORDER):
            for gate in finished:
                self._finish(gate)
        else:
            self._choose(timeout)

    def _rest(self, timeout: float | None) -> None:
        """It is over: timers of the dead run out."""
        if self.loop.asking.wait(0.0 if self._is_at_rest else 0.02):
            return
        if timeout is not None:
            self.loop.seconds += timeout + 1e-6
        elif self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    async def wind_up(self) -> None:
        """Returns when nobody is left, and no timer."""
        while left := self._cleaning | ({self._own} if self._own is not None else set()):
            await asyncio.wait(left)
        self._is_at_rest, self._resting = True, self.loop.create_future()
        await self._resting
        self._is_at_rest = False

    def _choose(self, timeout: float | None) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise Stuck(f"{self.steps} steps, and no end")
        self._parked = [gate for gate in self._parked if not gate.done.done() and not gate.process.is_dead]
        now = self.loop.seconds
        ready = sorted((each for each in self._parked if each.process.frozen_until <= now), key=_BY_ORDER)
        busy = [gate for gate in ready if gate.kind != "sweep"]
        sweeps = [gate for gate in ready if gate.kind == "sweep"]
        is_soon = timeout is not None and timeout < 2.0
        if busy and (not is_soon or self._chance.random() < 0.9):
            if sweeps and self._chance.random() < 0.02:
                busy = sweeps
            self._open_gate(self._drawn(busy))
        elif is_soon and (busy or self._chance.random() < 0.8):
            self._turn_clock(now + timeout)
        elif not self._due_known:
            self._begin_own(self._look("a while"))
        elif sweeps and self._due is not None and self._due <= now:
            self.loop.seconds += _SWEEP_S * self._chance.random()
            self._open_gate(self._chance.choice(sweeps))
        else:
            self._wait_for_something(timeout)

    def _drawn(self, gates: list[Gate]) -> Gate:
        paces = [*accumulate(self._pace(gate) for gate in gates)]
        return gates[bisect(paces, self._chance.random() * paces[-1], 0, len(gates) - 1)]

    def _pace(self, gate: Gate) -> float:
        """Some are slow for a while: a whole batch of another may fit between two of their statements. In some worlds
        all gates of one kind are."""
        if gate.kind == self._slow or self._slow == f"{gate.process.name[:3]} {gate.kind}":
            return _SLOW
        if self.steps - self._paced_at > _PACED_FOR:
            self._paces, self._paced_at = {}, self.steps
        who = gate.process.name, gate.line.number if gate.line is not None else 0
        if who not in self._paces:
            self._paces[who] = self._chance.choice((1.0, 1.0, _SLOW))
        return self._paces[who]

    def _wait_for_something(self, timeout: float | None) -> None:
        """Nobody has anything to do at this moment."""
        now = self.loop.seconds
        moments = [now + timeout] if timeout is not None else []
        moments += [self._due] if self._due is not None and self._due > now else []
        moments += [each.process.frozen_until for each in self._parked if each.process.frozen_until > now]
        if not moments and self._due is not None:
            raise Stuck("something is due, and nobody looks for it")
        if not moments:
            assert self.is_over is not None
            self.is_over.set_result(None)
            return
        following = max(min(moments), now)
        if following == self._due and self._knocks_before(following):
            self._turn_clock(max(following - self._chance.random(), now))
            self.knock()
        else:
            self._turn_clock(following)

    def _knocks_before(self, due: float) -> bool:
        if due == self._knocked_before or due - self.loop.seconds < 1.0:
            return False
        self._knocked_before = due
        return self._chance.random() < _KNOCKS

    def _turn_clock(self, to: float) -> None:
        self.loop.seconds = max(self.loop.seconds, to) + 1e-6

    # gates

    def _open_gate(self, gate: Gate) -> None:
        self._parked.remove(gate)
        self.loop.seconds += self._chance.random() * 0.004
        gate.fault = self.weather.draw(gate.kind, gate.label)
        fault = f" !{gate.fault}" if gate.fault else ""
        self.trace.append(f"{self.loop.seconds:.6f} {gate.process.name} {gate.kind} {gate.label}{fault}")
        if gate.fault == "crash before":
            self.kill(gate.process)
        elif gate.fault in ("lost before", "timeout") and gate.kind != "provider":
            self._lose(gate)
        elif gate.fault == "stall":
            gate.process.frozen_until = self.loop.seconds + STANDSTILL_S * (0.2 + self._chance.random())
            if gate.line is not None and gate.line.connection.is_in_transaction():
                self._lose(gate)  # the server ends transactions of those who stand still
            else:
                gate.fault = None
                self._parked.append(gate)
        elif gate.act is None:
            self._answer(gate, None)
        else:
            gate.task = self._begin(_run(gate.act))
            if gate.line is not None:
                gate.line.under_way = gate.task
            self._open.append(gate)

    def _finish(self, gate: Gate) -> None:
        self._open.remove(gate)
        if gate.line is not None:
            gate.line.under_way = None
        if gate.kind in ("commit", "rollback") or not (gate.line and gate.line.connection.is_in_transaction()):
            for each in self._open:
                each.waits = False
        assert gate.task is not None
        answer, error = gate.task.result()
        if gate.writes and error is None:
            self._due_known = False
            self._begin_own(self._look(f"{gate.process.name} {gate.label}"))
        if gate.process.is_dead:
            return
        if gate.fault == "crash after":
            self.kill(gate.process)
        elif gate.fault == "late":
            self._answer_late(gate, answer)
        elif gate.fault == "lost after" and gate.kind != "provider":
            self._lose(gate)
        elif error is not None:
            if not gate.done.done():
                gate.done.set_exception(error)
        else:
            self._answer(gate, answer)

    def _answer(self, gate: Gate, answer: Any) -> None:
        if not gate.done.done():
            gate.done.set_result(answer)

    def _answer_late(self, gate: Gate, answer: Any) -> None:
        async def known() -> Any:
            return answer

        gate.act, gate.task, gate.fault = known, None, None
        gate.process.frozen_until = self.loop.seconds + STANDSTILL_S * (0.8 + 0.4 * self._chance.random())
        self._parked.append(gate)

    def _lose(self, gate: Gate) -> None:
        """The connection, and whatever was not committed on it."""
        if gate.on_loss is not None:
            gate.on_loss()
        if not gate.done.done():
            gate.done.set_exception(TimeoutError() if gate.fault == "timeout" else connection_lost())

    def kill(self, process: Process) -> None:
        process.die()
        for line in process.lines:
            self.clean(line)
        process.lines.clear()
        for tell in self.deaths:
            tell(process)

    # the server

    def _begin_own(self, work: Any) -> None:
        if self._own is not None:
            work.close()
            return
        self._own = self._begin(work)
        self._own.add_done_callback(self._own_ended)

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        """Of no process."""
        return asyncio.Task(work, loop=self.loop, context=contextvars.Context())

    def _own_ended(self, task: asyncio.Task[Any]) -> None:
        self._own = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _cleaned(self, task: asyncio.Task[Any]) -> None:
        self._cleaning.discard(task)
        self._due_known = False
        for gate in self._open:
            gate.waits = False
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _look_for_locks(self) -> None:
        running = {gate.line.pid: gate for gate in self._open if gate.task and not gate.task.done() and gate.line}
        waiting = await self.server.who_waits(list(running))
        still = {pid: gate for pid, gate in running.items() if gate.task and not gate.task.done()}
        if still and is_stable(waiting, still):
            for gate in still.values():
                gate.waits = True
                if gate.process.is_dead or gate.done.cancelled():
                    gate.waits = False

    async def _look(self, after: str) -> None:
        self._due, self._due_known = await self.look(after), True

    async def _clean(self, line: Line) -> None:
        if line.under_way is not None and not line.under_way.done():
            await self.server.cancel(line.pid)
            await asyncio.wait([line.under_way])
        self._open = [gate for gate in self._open if gate.line is not line]
        line.under_way = None
        if line.connection.is_in_transaction():
            await line.connection.execute("ROLLBACK")
        self.server.give_back(line)


async def _run(act: Callable[[], Awaitable[Any]]) -> tuple[Any, BaseException | None]:
    try:
        return await act(), None
    except Exception as error:
        return None, error


def connection_lost() -> Exception:
    """As the driver says it."""
    return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
