"""A simulation as a person asks for it: which rules, which events, which stretch of time."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.events_export import read_export
from api.language import spoken
from dsl.catalog import Catalog
from dsl.codec import from_json
from dsl.diagnostics import Severity
from dsl.messages import say
from dsl.plan import Plan
from dsl.render import render_text
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.errors import ConfigurationError, NothingPublished
from engine.flow.checking.asked_text import published_catalog
from engine.flow.checking.load_workspace import load_workspace
from engine.storage.database import Connection
from engine.storage.events.replays import count_events
from engine.storage.rules.published import live_rule_set, load_rule_set
from engine.testing.simulation.counted import Simulation
from engine.testing.simulation.replay import Replay, events_heard
from engine.testing.simulation.simulating import OnWorld, Told, simulate_stored, simulate_told
from engine.testing.virtual.delivery import Delivery

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What is replayed through: a plan, and of its workspace what delivery asks."""

    plan: Plan
    catalog: Catalog

    def replay(self, stretch: Stretch, **more: Any) -> tuple[Replay, Simulation]:
        program = load_program(self.plan, 1, ACTIONS)
        replay = Replay(program, stretch.since, stretch.until, Delivery.of(self.catalog, **more))
        pools: Any = self.catalog.settings.get("promos") or {}
        worth = {name: pool["discount"] for name, pool in pools.items() if pool.get("discount")}
        return replay, Simulation(stretch.since, stretch.until, program.zone, discounts=worth)


def rules_of(folder: Path) -> Rules:
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
    return Rules(checked.plan, checked.catalog)


def simulate_file(rules: Rules, path: Path, stretch: Stretch | None, on_progress: OnProgress) -> Simulation:
    """`stretch` None: from the first event to the last one."""
    export = _read(path, rules)
    if not export.customers:
        raise ConfigurationError(say("{path} holds no events", path=path))
    stretch = stretch or Stretch(min(export.times), max(export.times) + timedelta(days=1))
    replay, simulation = rules.replay(stretch, reaches_all=not export.has_addresses)
    simulation.events = sum(stretch.since <= at < stretch.until for at in export.times)
    total = sum(len(told.events) for told in export.customers.values())
    return simulate_told(replay, simulation, export.customers, on_progress=lambda n: on_progress(n, total))


@dataclass(slots=True)
class _Export:
    customers: dict[str, Told] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    has_addresses: bool = False


def _read(path: Path, rules: Rules) -> _Export:
    """Of events that no rule hears only the time is kept."""
    export = _Export()
    heard = events_heard(load_program(rules.plan, 1, ACTIONS), Delivery.of(rules.catalog))
    for each in read_export(path):
        export.times.append(each.at)
        told = export.customers.get(each.customer)
        if told is None:
            told = export.customers[each.customer] = Told(each.at)
        elif each.at < told.first_seen:
            told.first_seen = each.at
        if not each.name:
            export.has_addresses |= "email" in each.values or "phone" in each.values
        elif each.name not in heard:
            continue
        told.events.append((each.at, each.name, each.values))
    return export


async def simulate_server(
    connection: Connection, rules: Rules, stretch: Stretch, on_progress: OnProgress, on_world: OnWorld | None = None
) -> Simulation:
    replay, simulation = rules.replay(stretch)
    simulation.events = total = await count_events(connection, since=stretch.since, until=stretch.until)
    return await simulate_stored(
        connection, replay, simulation, on_progress=lambda n: on_progress(n, total), on_world=on_world
    )


async def live_rules(connection: Connection) -> Rules:
    live = await live_rule_set(connection)
    if live is None:
        raise NothingPublished
    stored = await load_rule_set(connection, live)
    return Rules(from_json(stored.plan), published_catalog(stored))


@contextmanager
def without_search_for_cycles() -> Iterator[None]:
    """A replay makes none, and to walk millions of events again and again takes as long as to replay them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
