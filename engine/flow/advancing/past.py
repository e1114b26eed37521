"""The history that the conditions of a batch ask for, read for all its customers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.conditions.history import MOST_EVENTS
from engine.core.conditions.needs import Needs, NewestNeed, merged
from engine.core.conditions.program import Program
from engine.core.model import Past, Run
from engine.storage.customers.history import Probe, Sought, newest_times, read_past
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.events.queue import TRACK

#: Days begin at another time in another zone, and the nights of a clock change are longer.
_ZONES_APART = timedelta(days=2)
_UTC = ZoneInfo("UTC")
_EVER = datetime(1, 1, 3, tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """A customer for whom something is to be decided."""

    cursor: Cursor
    events: Sequence[Any] = ()  # rows of the queue
    runs: Sequence[Run] = ()
    due: Sequence[datetime] = ()  # moments of appointments, which may have passed while no worker ran

    def moment(self, now: datetime) -> datetime:
        """The earliest from which anything here looks back: what repeats is counted around an event, by its own time,
        and that may be a while ago."""
        happened: list[datetime] = [row["at"] for row in self.events if not (row["body"] or {}).get("historical")]
        return min([now, *happened, *self.due])

    def began(self, moment: datetime) -> datetime:
        """No run of theirs began, or comes to begin, before; `moment` as above."""
        return min([moment, *(min(run.began_at, run.since or run.began_at) for run in self.runs)])


@dataclass(frozen=True, slots=True)
class Remembered:
    """What one customer's rules ask of the past, by event name. Events are oldest first."""

    history: dict[str, tuple[Past, ...]] = field(default_factory=dict)
    newest: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class _Asked:
    """What is to be read, together for all customers."""

    probes: list[Probe] = field(default_factory=list)
    properties: dict[str, set[str]] = field(default_factory=dict)
    #: Whose last event of a name is wanted, however old. Most often it lies in a window that is read anyway.
    lasts: list[tuple[UUID, Cursor, str]] = field(default_factory=list)
    #: Whose newest time is not told by a window that is read anyway, should that hold nothing.
    newest: list[Sought] = field(default_factory=list)

    def ask(self, probe: Probe, properties: frozenset[str]) -> None:
        self.probes.append(probe)
        self.properties.setdefault(probe.name, set()).update(properties)


async def past_of(
    connection: Connection,
    programs: Mapping[int, Program],
    live: Program,
    lookers: Mapping[UUID, Looker],
    *,
    now: datetime,
) -> dict[UUID, Remembered]:
    """Of every looker. No statement is run when nothing is needed."""
    asked = _Asked()
    found = {customer: Remembered() for customer in lookers}
    needs = _NeedsOfMany(programs, live)
    for customer, looker in lookers.items():
        _ask_values(asked, customer, looker, needs.of(looker), now)
    await _read(connection, asked, found)
    asked.probes = [_last_of(*each) for each in asked.lasts if each[2] not in found[each[0]].history]
    await _read(connection, asked, found)
    await _read_newest(connection, asked, found)
    for customer, looker in lookers.items():
        _ask_overtaking(asked, customer, looker, programs, live, newest=found[customer].newest)
    await _read(connection, asked, found)
    return found


async def _read(connection: Connection, asked: _Asked, found: Mapping[UUID, Remembered]) -> None:
    if not asked.probes:
        return
    for probe, events in zip(asked.probes, await read_past(connection, asked.probes, asked.properties), strict=True):
        by_name = found[probe.customer].history
        # Two probes of one name end at the same event: the longer one holds the shorter.
        if len(events) > len(by_name.get(probe.name, ())):
            by_name[probe.name] = events
    asked.probes = []


async def _read_newest(connection: Connection, asked: _Asked, found: Mapping[UUID, Remembered]) -> None:
    for remembered in found.values():
        remembered.newest.update({name: events[-1].at for name, events in remembered.history.items() if events})
    left = [sought for sought in asked.newest if sought.name not in found[sought.customer].newest]
    if left:
        for customer, name, at in await newest_times(connection, left):
            found[customer].newest[name] = at


def _last_of(customer: UUID, cursor: Cursor, name: str) -> Probe:
    return Probe(customer, cursor, name, _EVER, 1)


class _RunOf(NamedTuple):
    rule_set: int
    rule: str
    is_ended: bool  # all that can become of it is that its goal is reached


class _NeedsOfMany:
    """Many customers of a batch have the same to decide: their needs are put together once."""

    def __init__(self, programs: Mapping[int, Program], live: Program) -> None:
        self._programs = programs
        self._live = live
        self._known: dict[tuple[frozenset[str], frozenset[_RunOf]], Needs] = {}

    def of(self, looker: Looker) -> Needs:
        live = self._live.needs
        names = frozenset(row["name"] for row in _starting(looker, self._live) if row["name"] in live.by_event)
        runs = frozenset(_RunOf(run.rule_set, run.rule, run.state == "ended") for run in looker.runs)
        key = (names, runs)
        if key not in self._known:
            by_event = (live.by_event[name] for name in names)
            self._known[key] = merged([live.standing, *by_event, *self._of_runs(runs)])
        return self._known[key]

    def _of_runs(self, runs: frozenset[_RunOf]) -> Iterator[Needs]:
        for rule_set, rule, is_ended in runs:
            needs = self._programs[rule_set].needs
            yield (needs.by_goal if is_ended else needs.by_rule).get(rule, {})
            if rule_set != self._live.rule_set and not is_ended:  # what its runs emit starts the live rules
                yield from (self._live.needs.by_event.get(name, {}) for name in needs.emits.get(rule, ()))


def _starting(looker: Looker, live: Program) -> Iterator[Any]:
    """The events that may start a rule."""
    for row in looker.events:
        starts = live.dispatch.get(row["name"]) if row["kind"] == TRACK else None
        if starts is not None and starts.may_match((row["body"] or {}).get("properties") or {}):
            yield row


def _ask_values(asked: _Asked, customer: UUID, looker: Looker, needs: Needs, now: datetime) -> None:
    if not needs:
        return
    moment = looker.moment(now)
    began = looker.began(moment)
    for name, need in needs.items():
        read_since = _beginning(moment, need.window) if need.counts else _NEVER
        if need.counts:
            asked.ask(Probe(customer, looker.cursor, name, read_since, MOST_EVENTS), need.properties)
        if need.last and not need.counts:
            asked.ask(_last_of(customer, looker.cursor, name), need.properties)
        elif need.last and need.window is not None:
            asked.lasts.append((customer, looker.cursor, name))
        if need.newest is not None and (since := _beginning_of_newest(need.newest, moment, began)) < read_since:
            asked.newest.append(Sought(customer, looker.cursor, name, since))


def _beginning(moment: datetime, window: Length | None) -> datetime:
    return _EVER if window is None else _before(moment.date(), window)


def _beginning_of_newest(need: NewestNeed, moment: datetime, began: datetime) -> datetime:
    if need.ever:
        return _EVER
    since = began if need.runs else moment
    return since if need.window is None else min(since, _before(moment.date(), need.window))


@lru_cache(maxsize=4096)
def _before(day: date, window: Length) -> datetime:
    return calendar.add(datetime.combine(day, time(0), UTC), window, _UTC, sign=-1) - _ZONES_APART


def _ask_overtaking(
    asked: _Asked,
    customer: UUID,
    looker: Looker,
    programs: Mapping[int, Program],
    live: Program,
    *,
    newest: Mapping[str, datetime],
) -> None:
    """Later parts of a sequence may have arrived, and been decided, before the part that they follow. Seldom any."""
    if not newest:
        return

    def ask(name: str, since: datetime, properties: frozenset[str]) -> None:
        if name in newest and newest[name] > since:
            asked.ask(Probe(customer, looker.cursor, name, since, MOST_EVENTS), properties)

    for row in _starting(looker, live):
        for name, properties in live.needs.overtaking.get(row["name"], {}).items():
            ask(name, row["at"], properties)
    for run in looker.runs:
        if run.stage and run.state != "ended":
            needs = programs[run.rule_set].needs.overtaking.get(run.event_name, {})
            for name in _parts_ahead(run, programs[run.rule_set]):
                ask(name, run.since or run.began_at, needs.get(name, frozenset()))


def _parts_ahead(run: Run, program: Program) -> frozenset[str]:
    parts = program.by_name[run.rule].parts if run.rule in program.by_name else ()
    return frozenset(name for part in parts[run.stage - 1 :] for name in part.events)
