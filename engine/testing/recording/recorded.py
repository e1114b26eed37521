"""A test from what really happened to a customer, with personal data replaced. It expects what happens when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dsl.messages import say
from dsl.parser import parse_tests
from dsl.render import render_text
from dsl.source import Source
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.core.model import Customer, Event
from engine.errors import ConfigurationError
from engine.testing.cases.running import judged, run_case
from engine.testing.cases.updating import expectations
from engine.testing.reading.ground import Workspace
from engine.testing.recording.scribe import Scribe
from engine.testing.simulation.replay import Replay
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.world import World

#: Notes of a rule that starts, ends or holds something back.
_ACTS = frozenset({"started", "ended", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One customer as they were before a moment, and all that came up to another one."""

    customer: Customer
    events: Sequence[Event]  # by the time at which they came
    since: datetime
    until: datetime


def recorded(title: str, history: History, workspace: Workspace, *, path: str) -> str:
    """The test as text, for the test file `path`. Raises ConfigurationError when no rule acts in that time."""
    files = files_concerned(history, workspace)
    if not files:
        raise ConfigurationError(say("no rule acts on what this customer did in that time: there is nothing to record"))
    scribe = Scribe(workspace.catalog, workspace.ground(tuple(files)).program, history.customer)
    scribe.learn(history.events)
    text = scribe.test(title, history.events, since=history.since, path=path, files=files)
    return text + "".join(f"  {line}\n" for line in _expected(text, workspace, path))


def files_concerned(history: History, workspace: Workspace) -> list[str]:
    """Rule files with a rule that starts, or skips a message."""
    program = load_program(workspace.plan, 1, ACTIONS)
    replay = Replay(program, history.since, history.until, Delivery.of(workspace.catalog))
    world = replay.customer(history.customer, history.events)
    acting = _rules_acting(world) if world is not None else set()
    return sorted({rule.file for rule in workspace.plan.rules if rule.name in acting})


def _rules_acting(world: World) -> set[str]:
    noted = {world.rule_of(note) for note in world.memory.notes if note.what in _ACTS}
    return noted | {message.rule for message in world.messages}


def _expected(text: str, workspace: Workspace, path: str) -> list[str]:
    file, mistakes = parse_tests(Source(path, f"{text}  expect nothing\n"))
    judgement = judged(file.cases[0], file, workspace) if file.cases and not mistakes else None
    if judgement is not None:
        return expectations(judgement)
    runs = [run for case in file.cases for run in run_case(case, file, workspace)]
    found = [*mistakes, *(each for run in runs for each in run.diagnostics)]
    reason = say("what happened cannot be written as a test\n{mistakes}", mistakes=render_text(found))
    raise ConfigurationError(reason)
