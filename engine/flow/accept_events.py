"""Make events durable. Requests that arrive while a statement is under way share the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from engine.errors import Overloaded
from engine.failpoints import reach
from engine.storage.database import TROUBLE, Database
from engine.storage.events.events_in import NewEvent, insert_events
from engine.storage.events.rejects import Reject, insert_rejects
from engine.waker import Waker

MAX_STATEMENTS = 2  # under way at once: one writes to disk while the next is being sent
WORTH_A_STATEMENT = 400  # events and rejects: a smaller group waits for the running statement, which costs less
PATIENCE_S = 0.05  # how long a smaller group waits at most
STILL_TURNS = 3  # turns of the event loop without a further request: then everything that has arrived is read
MAX_GROUP = 5_000  # events and rejects in one statement
CAREFUL_FOR = 100  # statements that expect duplicates after one was found: a client that retries sends more of them
MAX_WAITING = 50_000  # events and rejects that wait for a statement; beyond it the caller is told to come back
STATEMENT_TIMEOUT_S = 10.0
RETRY_AFTER_S = 2
BROKEN_PAUSE_S = 0.05  # in which the pool notices which of its connections are gone

#: The values, not the database, are at fault; the others of the group may be fine.
_BAD_VALUES = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
#: Not the values, though it looks so: a month was attached while an event was on its way to the default partition.
_MONTH_ATTACHED = asyncpg.CheckViolationError
#: The connection, not the values.
_BROKEN = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one request's events. All of it is committed."""

    stored: int
    duplicates: int  # (source, messageId) was known; the first body stays
    refused: tuple[NewEvent, ...] = ()  # by the database itself; kept as rejects


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    events: Sequence[NewEvent]
    rejects: Sequence[Reject]
    verdict: asyncio.Future[Accepted]

    @property
    def size(self) -> int:
        return len(self.events) + len(self.rejects)  # rejects hold what was sent: they fill memory, too


class EventWriter:
    """One per process, used from one event loop."""

    def __init__(self, database: Database, waker: Waker, *, max_waiting: int = MAX_WAITING) -> None:
        self._database = database
        self._waker = waker
        self._waiting: deque[_Request] = deque()
        self._max_waiting = max_waiting
        self._waiting_events = 0
        self._careful_for = 0  # statements
        self._out_of_patience: asyncio.TimerHandle | None = None
        self._statements: set[asyncio.Task[None]] = set()

    async def accept(self, events: Sequence[NewEvent], rejects: Sequence[Reject] = ()) -> Accepted:
        """Returns after the commit. Raises Overloaded when nothing, or perhaps all, was stored: send it again.

        Sending again is safe at any time, since an id is stored once.
        """
        if not events and not rejects:
            return Accepted(0, 0)
        if self._waiting_events + len(events) + len(rejects) > self._max_waiting:
            raise Overloaded("too many events are waiting to be stored", RETRY_AFTER_S, short_of="storage")
        request = _Request(events, rejects, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._waiting_events += request.size
        self._start_statement()
        return await request.verdict

    async def close(self) -> None:
        """Waits for what is under way."""
        while self._statements:
            await asyncio.wait(self._statements)

    def _start_statement(self, *, at_once: bool = False) -> None:
        if not self._waiting or len(self._statements) >= MAX_STATEMENTS:
            return
        if self._statements and self._waiting_events < WORTH_A_STATEMENT and not at_once:
            if self._out_of_patience is None:
                self._out_of_patience = asyncio.get_running_loop().call_later(PATIENCE_S, self._wait_no_more)
            return
        task = asyncio.create_task(self._store_next())
        self._statements.add(task)
        task.add_done_callback(self._statement_ended)

    def _wait_no_more(self) -> None:
        """The running statement takes long: start another one for what has arrived since."""
        self._out_of_patience = None
        self._start_statement(at_once=True)

    def _statement_ended(self, task: asyncio.Task[None]) -> None:
        self._statements.discard(task)
        if self._out_of_patience is not None:
            self._out_of_patience.cancel()
            self._out_of_patience = None
        self._start_statement()

    def _next_group(self) -> list[_Request]:
        group: list[_Request] = []
        size = 0
        while self._waiting and (not group or size + self._waiting[0].size <= MAX_GROUP):
            group.append(self._waiting.popleft())
            size += group[-1].size
        self._waiting_events -= size
        return group

    async def _store_next(self) -> None:
        """Waits until no further request arrives: to store late ones by a statement of their own costs a fifth more."""
        still = found = 0
        while still < STILL_TURNS and self._waiting_events < WORTH_A_STATEMENT:
            still = still + 1 if len(self._waiting) == found else 0
            found = len(self._waiting)
            await asyncio.sleep(0)
        if group := self._next_group():
            await self._store(group)

    async def _store(self, group: list[_Request]) -> None:
        try:
            known = await self._insert_twice(group)
        except _MONTH_ATTACHED as error:
            self._put_off(group, error)
        except _BAD_VALUES as error:
            await self._store_apart(group, error)
        except TROUBLE as error:
            self._put_off(group, error)
        except BaseException as error:
            _fail(group, error)
            raise
        else:
            reach("ingest.committed")
            self._careful_for = CAREFUL_FOR if known else max(0, self._careful_for - 1)
            _settle(group, known)
            reach("ingest.answered")
            # After the answer, which need not wait for it. A lost wake-up costs a second: the sweep finds the events.
            await self._waker.wake({event.partition for request in group for event in request.events})

    def _put_off(self, group: list[_Request], error: Exception) -> None:
        _log.warning("events not stored", action="accept", requests=len(group), error=_said(error))
        _fail(group, Overloaded("the database cannot store events now", RETRY_AFTER_S, short_of="database"))

    async def _insert_twice(self, group: list[_Request]) -> set[UUID]:
        """A connection that broke, or a deadlock, deserves one more try: ids make it harmless."""
        try:
            return await self._insert(group)
        except _MONTH_ATTACHED:
            pass
        except _BAD_VALUES:
            raise
        except _BROKEN:
            await asyncio.sleep(BROKEN_PAUSE_S)
        return await self._insert(group)

    async def _insert(self, group: list[_Request]) -> set[UUID]:
        events = _each_once([event for request in group for event in request.events])
        rejects = [reject for request in group for reject in request.rejects]
        reach("ingest.received")
        async with asyncio.timeout(STATEMENT_TIMEOUT_S):
            if not rejects:
                async with self._database.connection() as connection:
                    return await insert_events(connection, events, likely_new=not self._careful_for)
            async with self._database.transaction() as connection:
                await insert_rejects(connection, rejects)
                known = await insert_events(connection, events) if events else set()
                reach("ingest.rejected")
                return known

    async def _store_apart(self, group: list[_Request], error: Exception) -> None:
        """Find whose values the database refused, so that the others are stored."""
        if len(group) > 1:
            for request in group:
                await self._store_alone(request)
            return
        [request] = group
        if not request.events:
            raise error  # the reject itself was refused: to refuse it again would never end
        if len(request.events) > 1:
            middle = len(request.events) // 2
            await self._store_halves(request, middle)
            return
        await self._refuse(request, error)

    async def _store_alone(self, request: _Request) -> None:
        """Always answers the request, also on errors, so that the requests after it are stored."""
        [error] = await asyncio.gather(self._store([request]), return_exceptions=True)
        if error is not None:
            _log.error("request not stored", action="accept", error=type(error).__name__)
            _fail([request], error)

    async def _refuse(self, request: _Request, error: Exception) -> None:
        """An event that our validation should have refused is stored as a reject: to send it again would not help."""
        _log.error("event refused by the database", action="accept", error=_said(error))
        refused = tuple(request.events)
        kept = [
            *request.rejects,
            *(Reject(event.source, "was refused by the database", "$", f"id {event.id}") for event in refused),
        ]
        apart = _Request((), kept, request.verdict.get_loop().create_future())
        await self._store_alone(apart)
        if not request.verdict.done():
            _pass_on(apart.verdict, request.verdict, refused)

    async def _store_halves(self, request: _Request, middle: int) -> None:
        loop = asyncio.get_running_loop()
        halves = [
            _Request(request.events[:middle], request.rejects, loop.create_future()),
            _Request(request.events[middle:], (), loop.create_future()),
        ]
        for half in halves:
            await self._store_alone(half)
        if error := next((error for half in halves if (error := half.verdict.exception())), None):
            _fail([request], error)
            return
        first, second = [half.verdict.result() for half in halves]
        if not request.verdict.done():
            request.verdict.set_result(
                Accepted(
                    first.stored + second.stored,
                    first.duplicates + second.duplicates,
                    first.refused + second.refused,
                )
            )


def _said(error: Exception) -> str:
    """Without the details of PostgreSQL, which quote values."""
    text = str(error.args[0]) if isinstance(error, asyncpg.PostgresError) and error.args else str(error) or repr(error)
    return f"{type(error).__name__}: {text}"[:300]


def _each_once(events: list[NewEvent]) -> list[NewEvent]:
    """By their ids, the first of each."""
    if len({event.id for event in events}) == len(events):
        return events
    once: dict[UUID, NewEvent] = {}
    for event in events:
        once.setdefault(event.id, event)
    return list(once.values())


def _settle(group: list[_Request], known: set[UUID]) -> None:
    for request in group:
        stored = 0
        for event in request.events:
            if event.id not in known:
                known.add(event.id)  # counted for the first who sent it
                stored += 1
        if not request.verdict.done():
            request.verdict.set_result(Accepted(stored, len(request.events) - stored))


def _pass_on(done: asyncio.Future[Accepted], verdict: asyncio.Future[Accepted], refused: tuple[NewEvent, ...]) -> None:
    if error := done.exception():
        verdict.set_exception(error)
    else:
        verdict.set_result(Accepted(0, 0, refused))


def _fail(group: list[_Request], error: BaseException) -> None:
    for request in group:
        if not request.verdict.done():
            request.verdict.set_exception(error)
