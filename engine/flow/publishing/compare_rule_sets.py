"""What a publication makes different, by the file that a marketer has edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dsl.codec import UnreadablePlan, content_hash, from_json
from dsl.differences import plain_rule
from dsl.plan import JSON, Plan

Mark: TypeAlias = Literal["+", "~", "-"]  # came, changed, went


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of things that have names, in the order of these."""

    added: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def marked(self) -> Iterator[tuple[Mark, str]]:
        """What came first, then what changed, then what went."""
        yield from (("+", name) for name in self.added)
        yield from (("~", name) for name in self.altered)
        yield from (("-", name) for name in self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    rules: Change = Change()
    segments: Change = Change()
    templates: Change = Change()  # by path
    settings: bool = False  # whether kogda.yaml says something else
    schema: bool = False  # whether schema.yaml does


@dataclass(frozen=True, slots=True)
class Content:
    """What a rule set is made of."""

    plan: Plan
    templates: Mapping[str, str]
    settings: Mapping[str, JSON]


def content_of(plan: dict[str, JSON], templates: Mapping[str, str], settings: Mapping[str, JSON]) -> Content:
    """A plan of a version that nobody reads any more counts as an empty one: all rules are told as new."""
    try:
        return Content(from_json(plan), templates, settings)
    except UnreadablePlan:
        return Content(Plan(), templates, settings)


def changes_between(before: Content, after: Content) -> Changes:
    old, new = before.plan, after.plan
    return Changes(
        rules=_change(
            {rule.name: plain_rule(rule) for rule in old.rules}, {rule.name: plain_rule(rule) for rule in new.rules}
        ),
        segments=_change(
            {name: each.condition for name, each in old.segments.items()},
            {name: each.condition for name, each in new.segments.items()},
        ),
        templates=_change(before.templates, after.templates),
        settings=_settings_of(before) != _settings_of(after),
        schema=(old.events, old.attributes) != (new.events, new.attributes),
    )


def _change(old: Mapping[str, object], new: Mapping[str, object]) -> Change:
    return Change(
        added=tuple(sorted(new.keys() - old.keys())),
        altered=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _settings_of(content: Content) -> tuple[object, ...]:
    """As stored, where a tuple comes back as a list; and what of kogda.yaml stands in the plan."""
    plan = content.plan
    parts = plan.timezone, plan.currency, plan.leap_day, plan.quiet_hours, plan.caps, plan.double_opt_in
    return content_hash(dict(content.settings)), *parts
