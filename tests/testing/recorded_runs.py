"""Runs as they once were: what customers did, by the rules of the two workspaces here, and all that came of it.

The plans are kept as a server keeps them, so a run that began with one of today's must be finished by every later
version of the engine, step for step. `KOGDA_UPDATE_GOLDEN=1` writes everything anew: read the difference, since each
line that changes is a promise to somebody who waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from dsl.catalog import EventType
from dsl.codec import from_json, to_json
from dsl.kinds import Kind
from engine.actions import ACTIONS
from engine.core.conditions.program import Program, load_program
from engine.flow.checking.load_workspace import load_workspace
from engine.testing.virtual.world import World

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "recorded"
WORKSPACES = {"shop": ROOT, "polka": ROOT / "examples/polka"}
CUSTOMERS = 150  # of each workspace
START = datetime(2026, 3, 26, 7, tzinfo=UTC)  # summer time begins on the 29th
WATCHED = timedelta(days=45)
#: Minutes between two events: at once, within an hour, within days, within weeks.
_GAPS = (0, 1, 20, 59, 61, 600, 1440, 4000, 11_000)


@dataclass(frozen=True, slots=True)
class Told:
    after_min: int  # since the event before
    event: str
    properties: Mapping[str, Any]

    def as_json(self) -> list[Any]:
        return [self.after_min, self.event, self.properties]


def program_of(workspace: str) -> Program:
    """As a worker reads it."""
    stored = json.loads((FOLDER / f"{workspace}.plan.json").read_text())
    return load_program(from_json(stored), 1, ACTIONS)


def lines_of(workspace: str) -> list[str]:
    return (FOLDER / f"{workspace}.runs.ndjson").read_text().splitlines()


def told_in(line: str) -> list[Told]:
    return [Told(*each) for each in json.loads(line)["told"]]


def played(program: Program, number: int, told: list[Told]) -> str:
    """What these events of a customer lead to, as a line of the record."""
    world, name = World(program, now=START), f"customer {number}"
    world.meet(name, email=f"{number}@example.com", first_name="Anna")
    for each in told:
        world.plus(timedelta(minutes=each.after_min))
        world.event(each.event, each.properties, of=name)
    world.plus(WATCHED)
    line = {
        "told": [each.as_json() for each in told],
        "runs": [
            [run.rule, run.event_name, run.state, run.end_reason, _minute(run.began_at), run.step] for run in world.runs
        ],
        "messages": [
            [f"{each.channel}/{each.template}", each.rule, each.state, each.reason, _minute(each.at)]
            for each in world.messages
        ],
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def record() -> None:
    FOLDER.mkdir(exist_ok=True)
    for workspace, folder in WORKSPACES.items():
        checked = load_workspace(folder)
        assert checked.plan is not None
        plan = json.dumps(to_json(checked.plan), ensure_ascii=False, indent=1, sort_keys=True)
        (FOLDER / f"{workspace}.plan.json").write_text(plan + "\n")
        events = [event for event in checked.catalog.own_events().values() if not event.built_in]
        program = program_of(workspace)
        lines = [played(program, number, list(_life(Random(number), events))) for number in range(CUSTOMERS)]
        (FOLDER / f"{workspace}.runs.ndjson").write_text("\n".join(lines) + "\n")


def _life(random: Random, events: list[EventType]) -> Iterator[Told]:
    for _ in range(random.randint(1, 7)):
        event = random.choice(events)
        properties = {
            name: _value(random, kind)
            for name, kind in event.properties.items()
            if not kind.optional or random.random() < 0.5
        }
        yield Told(random.choice(_GAPS), event.name, properties)


def _value(random: Random, kind: Kind) -> Any:
    if kind.is_list:
        single = Kind(name=kind.name, fields=kind.fields, values=kind.values)
        return [_value(random, single) for _ in range(random.randint(0, 2))]
    if kind.values:
        return random.choice(kind.values)
    match kind.name:
        case "number" | "percent":
            return random.randint(1, 6)
        case "money":
            return random.choice((5, 40, 99.5, 1200))
        case "flag":
            return random.random() < 0.5
        case "date":
            return f"2026-04-{random.randint(1, 28):02}"
        case "moment":
            return f"2026-04-{random.randint(1, 28):02}T10:00:00+00:00"
        case "record":
            return {name: _value(random, inner) for name, inner in kind.fields.items()}
    return random.choice(("one", "two"))


def _minute(moment: datetime) -> int:
    return int((moment - START).total_seconds() // 60)
