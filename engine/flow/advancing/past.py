"""The history that the conditions of a batch ask for, read for all its customers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.conditions.history import MOST_EVENTS
from engine.core.conditions.needs import HistoryNeed, Needs, merged
from engine.core.conditions.program import Program
from engine.core.model import Past, Run
from engine.storage.customers.history import Probe, read_past
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.events.queue import TRACK

#: Days begin at another time in another zone, and the nights of a clock change are longer.
_ZONES_APART = timedelta(days=2)
_UTC = ZoneInfo("UTC")
_EVER = datetime(1, 1, 3, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """A customer for whom something is to be decided."""

    cursor: Cursor
    events: Sequence[Any] = ()  # rows of the queue
    runs: Sequence[Run] = ()
    last_seen: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class _Asked:
    """What is to be read, together for all customers."""

    probes: list[Probe] = field(default_factory=list)
    properties: dict[str, set[str]] = field(default_factory=dict)
    #: Whose last event of a name is wanted, however old. Most often it lies in a window that is read anyway.
    lasts: list[tuple[UUID, Cursor, str]] = field(default_factory=list)

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
) -> dict[UUID, dict[str, tuple[Past, ...]]]:
    """By customer and event name, oldest first. No statement is run when nothing is needed."""
    asked = _Asked()
    needs = _NeedsOfMany(programs, live)
    for customer, looker in lookers.items():
        _ask_values(asked, customer, looker, needs.of(looker), now)
        _ask_overtaking(asked, customer, looker, programs, live)
    if not asked.probes:
        return {}
    found: dict[UUID, dict[str, tuple[Past, ...]]] = {}
    await _read(connection, asked, found)
    asked.probes = [_last_of(*each) for each in asked.lasts if each[2] not in found.get(each[0], ())]
    if asked.probes:
        await _read(connection, asked, found)
    return found


async def _read(connection: Connection, asked: _Asked, found: dict[UUID, dict[str, tuple[Past, ...]]]) -> None:
    for probe, events in zip(asked.probes, await read_past(connection, asked.probes, asked.properties), strict=True):
        by_name = found.setdefault(probe.customer, {})
        # Two probes of one name end at the same event: the longer one holds the shorter.
        if len(events) > len(by_name.get(probe.name, ())):
            by_name[probe.name] = events


def _last_of(customer: UUID, cursor: Cursor, name: str) -> Probe:
    return Probe(customer, cursor, name, _EVER, 1)


class _NeedsOfMany:
    """Many customers of a batch have the same to decide: their needs are put together once."""

    def __init__(self, programs: Mapping[int, Program], live: Program) -> None:
        self._programs = programs
        self._live = live
        self._known: dict[tuple[frozenset[str], frozenset[tuple[int, str]]], Needs] = {}

    def of(self, looker: Looker) -> Needs:
        live = self._live.needs
        names = frozenset(row["name"] for row in _starting(looker, self._live) if row["name"] in live.by_event)
        rules = frozenset((run.rule_set, run.rule) for run in looker.runs if run.state != "ended")
        key = (names, rules)
        if key not in self._known:
            by_event = (live.by_event[name] for name in names)
            by_run = (self._programs[rule_set].needs.by_rule.get(rule, {}) for rule_set, rule in rules)
            self._known[key] = merged([live.standing, *by_event, *by_run])
        return self._known[key]


def _starting(looker: Looker, live: Program) -> Iterator[Any]:
    """The events that may start a rule."""
    for row in looker.events:
        starts = live.dispatch.get(row["name"]) if row["kind"] == TRACK else None
        if starts is not None and starts.may_match((row["body"] or {}).get("properties") or {}):
            yield row


def _ask_values(asked: _Asked, customer: UUID, looker: Looker, needs: Needs, now: datetime) -> None:
    if not needs:
        return
    # What repeats is counted around an event, by its own time, and that may be a while ago.
    moment = min([now, *(row["at"] for row in looker.events if not (row["body"] or {}).get("historical"))])
    for name, need in needs.items():
        if need.counts:
            asked.ask(Probe(customer, looker.cursor, name, _beginning(moment, need), MOST_EVENTS), need.properties)
        if need.last and not need.counts:
            asked.ask(_last_of(customer, looker.cursor, name), need.properties)
        elif need.last and need.window is not None:
            asked.lasts.append((customer, looker.cursor, name))


def _beginning(moment: datetime, need: HistoryNeed) -> datetime:
    if need.window is None:
        return _EVER
    return _before(moment.date(), need.window)


@lru_cache(maxsize=4096)
def _before(day: date, window: Length) -> datetime:
    return calendar.add(datetime.combine(day, time(0), UTC), window, _UTC, sign=-1) - _ZONES_APART


def _ask_overtaking(
    asked: _Asked, customer: UUID, looker: Looker, programs: Mapping[int, Program], live: Program
) -> None:
    """Later parts of a sequence may have arrived, and been decided, before the part that they follow. Seldom any."""
    for row in _starting(looker, live):
        for name, properties in live.needs.overtaking.get(row["name"], {}).items():
            _ask_after(asked, customer, looker, name, row["at"], properties=properties)
    for run in looker.runs:
        if run.stage and run.state != "ended":
            needs = programs[run.rule_set].needs.overtaking.get(run.event_name, {})
            for name in _parts_ahead(run, programs[run.rule_set]):
                since = run.since or run.began_at
                _ask_after(asked, customer, looker, name, since, properties=needs.get(name, frozenset()))


def _ask_after(
    asked: _Asked, customer: UUID, looker: Looker, name: str, since: datetime, *, properties: frozenset[str]
) -> None:
    newest = looker.last_seen.get(name)
    if newest is not None and newest > since:
        asked.ask(Probe(customer, looker.cursor, name, since, MOST_EVENTS), properties)


def _parts_ahead(run: Run, program: Program) -> frozenset[str]:
    parts = program.by_name[run.rule].parts if run.rule in program.by_name else ()
    return frozenset(name for part in parts[run.stage - 1 :] for name in part.events)
