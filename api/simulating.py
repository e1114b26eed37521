"""A simulation as a person asks for it: which rules, which events, which stretch of time."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.events_export import read_export
from api.language import spoken
from dsl.diagnostics import Severity
from dsl.messages import say
from dsl.plan import Plan
from dsl.render import render_text
from engine.actions import ACTIONS
from engine.config import Settings
from engine.core.identity import customer_id
from engine.core.model import Event
from engine.core.program import load_program
from engine.errors import ConfigurationError, NothingPublished
from engine.flow.load_workspace import load_workspace
from engine.runtime import Programs
from engine.storage.database import Connection, Database
from engine.storage.migrate import require_current
from engine.storage.replays import count_events
from engine.storage.rule_sets import live_rule_set
from engine.testing.simulating import simulate_events, simulate_stored
from engine.testing.simulation import Simulation

LIVE = "live"
_AGO = re.compile(r"(\d+)\s*([hdw])\Z")
_HOURS = {"h": 1, "d": 24, "w": 168}

#: (events replayed since the last call, events in all)
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Stretch:
    since: datetime
    until: datetime


def stretch_of(since: str, until: str | None, *, now: datetime) -> Stretch:
    """`30d`, `12h`, `2w` ago, or a day or moment. Raises ConfigurationError."""
    start, end = moment_of(since, "--from", now=now), moment_of(until, "--until", now=now) if until else now
    if start >= end:
        raise ConfigurationError(say("--from {since} is not before {until}", since=since, until=until or say("now")))
    return Stretch(start, end)


def moment_of(written: str, option: str, *, now: datetime) -> datetime:
    if ago := _AGO.match(written):
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        reason = say('{option} "{written}" is no time: write 30d, 12h or 2026-03-01', option=option, written=written)
        raise ConfigurationError(reason) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plan_of(folder: Path) -> Plan:
    """Raises ConfigurationError with all that is wrong."""
    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(say("there is no kogda.yaml in {folder}", folder=folder))
    checked = load_workspace(folder)
    if checked.plan is None:
        found = [each for each in checked.diagnostics if each.severity is Severity.ERROR]
        mistakes = render_text(found, spoken())
        raise ConfigurationError(
            say("nothing was replayed: {folder} has mistakes\n{mistakes}", folder=folder, mistakes=mistakes)
        )
    return checked.plan


def simulate_file(plan: Plan, path: Path, stretch: Stretch | None, on_progress: OnProgress) -> Simulation:
    """`stretch` None: from the first event to the last one."""
    events = [(each.customer, _event(each.customer, number, each)) for number, each in enumerate(read_export(path))]
    if not events:
        raise ConfigurationError(say("{path} holds no events", path=path))
    times = [event.received_at for _, event in events]
    stretch = stretch or Stretch(min(times), max(times) + timedelta(days=1))
    program = load_program(plan, 1, ACTIONS)
    simulation = Simulation(stretch.since, stretch.until, program.zone)
    simulation.events = sum(stretch.since <= at < stretch.until for at in times)
    return simulate_events(program, simulation, events, on_progress=lambda n: on_progress(n, len(events)))


def _event(key: str, number: int, exported: Any) -> Event:
    return Event(
        id=UUID(int=number),
        customer=customer_id(key),
        kind="track" if exported.name else "identify",
        name=exported.name,
        at=exported.at,
        received_at=exported.at,
        properties=exported.values,
    )


async def simulate_server(connection: Connection, plan: Plan, stretch: Stretch, on_progress: OnProgress) -> Simulation:
    program = load_program(plan, 1, ACTIONS)
    simulation = Simulation(stretch.since, stretch.until, program.zone)
    simulation.events = await count_events(connection, since=stretch.since, until=stretch.until)
    total = simulation.events
    return await simulate_stored(connection, program, simulation, on_progress=lambda n: on_progress(n, total))


async def live_plan(connection: Connection) -> Plan:
    live = await live_rule_set(connection)
    if live is None:
        raise NothingPublished
    return (await Programs().load(connection, live)).program.plan


@asynccontextmanager
async def stored_events(settings: Settings) -> Any:
    """A connection to the database of the settings, which must name one."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await require_current(url)
    database = Database(url, pool_size=1)
    await database.open()
    try:
        async with database.connection() as connection:
            yield connection
    finally:
        await database.close()
