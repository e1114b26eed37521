"""What a publication would change: rules in words, people inside of them, members of segments, messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args
from uuid import UUID

from api.language import spoken
from api.past_marks import marks_that_are_new
from api.running_server import told_by_server
from api.simulating import Rules, Stretch, live_rules, simulate_server
from dsl.codec import UnreadablePlan, from_json
from dsl.differences import RuleDifference, SegmentDifference, rule_differences, segment_differences
from dsl.messages import say
from dsl.plan import Plan
from engine.core.runs.moving import Fate
from engine.errors import ConfigurationError, NothingPublished
from engine.storage.database import Connection
from engine.storage.rules.published import live_rule_set, load_rule_set
from engine.storage.runs.bulk import people_in
from engine.testing.simulation.counted import Simulation
from engine.testing.virtual.world import World

_FORMAT = 1

#: (what is replayed, events since the last call, events in all)
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Live:
    """What is published, and how many people are inside of its rules."""

    hash: str
    plan: Plan
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Customers who belong to a segment by one definition and not by the other."""

    enter: int
    leave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    live: Live
    hash: str  # of what would be published
    rules: tuple[RuleDifference, ...]
    segments: tuple[SegmentDifference, ...]
    fates: Mapping[str, Fate]
    replays: tuple[Simulation, Simulation] | None = None  # of what is live, and of what would be
    crossings: Mapping[str, Crossing] = field(default_factory=dict)
    # By rule with a new mark, how many people are past it and are not started (S13); None: only a database can tell.
    past: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        return self.hash != self.live.hash


def preview(live: Live, plan: Plan, target: str, fates: Mapping[str, Fate]) -> Preview:
    """Raises ConfigurationError for fates of rules that are not concerned."""
    rules = tuple(rule_differences(live.plan, plan, spoken()))
    _check_fates(rules, fates)
    segments = tuple(segment_differences(live.plan, plan, spoken()))
    past = dict.fromkeys(marks_that_are_new(live.plan, rules))
    return Preview(live=live, hash=target, rules=rules, segments=segments, fates=dict(fates), past=past)


def _check_fates(rules: tuple[RuleDifference, ...], fates: Mapping[str, Fate]) -> None:
    kinds = {each.rule.name: each.kind for each in rules}
    for rule, fate in fates.items():
        if kinds.get(rule) not in ("changed", "removed"):
            raise ConfigurationError(say('"{rule}" is not changed: there is nothing to {fate}', rule=rule, fate=fate))
        if kinds[rule] == "removed" and fate in ("move", "restart"):
            reason = say('"{rule}" is removed: its runs can finish or be cancelled, not {fate}', rule=rule, fate=fate)
            raise ConfigurationError(reason)


async def live_of_database(connection: Connection) -> Live:
    rule_set = await live_rule_set(connection)
    if rule_set is None:
        raise NothingPublished
    stored = await load_rule_set(connection, rule_set)
    plan = from_json(stored.plan)
    return Live(stored.hash, plan, await people_in(connection, [rule.name for rule in plan.rules]))


def live_of_server(url: str) -> Live:
    """Raises ConfigurationError when the server does not say."""
    try:
        told = told_by_server(url, "/api/rule-set")
        return Live(told["hash"], from_json(told["plan"]), told["people"])
    except UnreadablePlan as error:
        raise ConfigurationError(say("{url} runs another version: {reason}", url=url, reason=error)) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigurationError(say("{url} tells no rule set: {reason}", url=url, reason=error)) from None


async def with_replays(
    connection: Connection, seen: Preview, rules: Rules, stretch: Stretch, on_progress: OnProgress
) -> Preview:
    """The same, with what both would have sent, and who would cross the borders of changed segments."""
    changed = [each.name for each in seen.segments if each.kind == "changed"]
    simulations, members = [], []
    for name, each in ((say("what is live"), await live_rules(connection)), (say("what would be"), rules)):
        inside: dict[str, set[UUID]] = {segment: set() for segment in changed}

        def note(world: World, inside: dict[str, set[UUID]] = inside) -> None:
            for segment, customers in inside.items():
                customers |= world.memory.noted.members(segment)

        def progress(count: int, total: int, name: str = name) -> None:
            on_progress(name, count, total)

        simulations.append(await simulate_server(connection, each, stretch, progress, note))
        members.append(inside)
    before, after = members
    crossings = {name: Crossing(len(after[name] - before[name]), len(before[name] - after[name])) for name in changed}
    return replace(seen, replays=(simulations[0], simulations[1]), crossings=crossings)


# A plan that was saved to be looked at, and then applied


def save_preview(seen: Preview, path: Path) -> None:
    content = {"kogda_plan": _FORMAT, "over": seen.live.hash, "publishes": seen.hash, "people": dict(seen.fates)}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    over: str  # the hash of what must be live
    publishes: str  # the hash of what the workspace must be
    fates: Mapping[str, Fate]


def load_saved_plan(path: Path) -> SavedPlan:
    """Raises ConfigurationError."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["kogda_plan"] != _FORMAT or not set(read["people"].values()) <= set(get_args(Fate)):
            raise ValueError(say("another version has made it"))
        return SavedPlan(str(read["over"]), str(read["publishes"]), dict(read["people"]))
    except OSError as error:
        raise ConfigurationError(say("{path} cannot be read: {reason}", path=path, reason=error.strerror)) from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigurationError(say("{path} is no plan of `kogda plan`: {reason}", path=path, reason=error)) from None
