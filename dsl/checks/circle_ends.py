"""Whether rules that start each other can come to an end by what they change themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dsl import syntax
from dsl.checks.subject import CheckedRule
from dsl.walk import of_type, walk

TAGS = "customer.tags"


@dataclass(slots=True)
class Changes:
    """What one round leaves behind."""

    events: set[str]
    values: dict[str, list[syntax.Value]] = field(default_factory=dict)  # by attribute, all that it is set to
    added: set[str] = field(default_factory=set)  # tags
    removed: set[str] = field(default_factory=set)


def may_end(rules: Sequence[CheckedRule], events: set[str]) -> bool:
    """Whether a round can make a condition false that the next one needs. `events` are those that the rules emit."""
    changes = _changes(rules, events)
    return any(_can_turn(condition, holds, rule, changes) for rule in rules for condition, holds in _needed(rule))


def _changes(rules: Iterable[CheckedRule], events: set[str]) -> Changes:
    changes = Changes(events)
    for rule in rules:
        for change in of_type(rule.nodes, syntax.SetAttribute):
            changes.values.setdefault(str(change.path), []).append(change.value)
        for tag in of_type(rule.nodes, syntax.Tag):
            (changes.added if tag.add else changes.removed).add(tag.tag.text)
    return changes


def _needed(rule: CheckedRule) -> Iterator[tuple[syntax.Condition, bool]]:
    """Conditions with what they must be for the rule to go on; an arm is left either way, so it may need both."""
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.OnlyIf | syntax.Unless):
            yield clause.condition, isinstance(clause, syntax.OnlyIf)
    for arm in of_type(rule.nodes, syntax.Arm):
        yield from ((arm.condition, holds) for holds in (True, False))
    for events in (node for node in walk(rule.node.trigger) if isinstance(node, syntax.Events) and node.where):
        if events.where is not None:
            yield events.where, True


def _can_turn(condition: syntax.Condition, holds: bool, rule: CheckedRule, changes: Changes) -> bool:
    """Whether the changes can make it other than `holds`."""
    match condition:
        case syntax.And() | syntax.Or():
            return any(_can_turn(operand, holds, rule, changes) for operand in condition.operands)
        case syntax.Not():
            return _can_turn(condition.operand, not holds, rule, changes)
        case syntax.Truth(value=syntax.Path() as path) | syntax.InLast(path=path):
            return _name_can_turn(path, holds, rule, changes)
        case syntax.Comparison(left=syntax.Path() as path, comparison="is" | "is not" as word):
            same = holds is (word == "is")
            return any(
                _differs(value, condition.right) is not (not same) for value in changes.values.get(str(path), ())
            )
        case syntax.IsKnown(value=syntax.Path() as path):
            values = changes.values.get(str(path), ())
            return any(holds is not condition.known or isinstance(value, syntax.Path) for value in values)
        case syntax.Contains(value=syntax.Path() as path, part=syntax.Text() as part) if str(path) == TAGS:
            return part.text in (changes.removed if holds else changes.added)
    return any(isinstance(node, syntax.Path) and str(node) in changes.values for node in walk(condition))


def _name_can_turn(path: syntax.Path, holds: bool, rule: CheckedRule, changes: Changes) -> bool:
    """An event that the circle emits has happened afterwards; a definition is what it says."""
    definition = rule.scope.names.seen.get(str(path))
    if definition is not None and isinstance(definition.node, syntax.Define):
        circular = rule.scope.names.is_circular(definition)
        return not circular and _can_turn(definition.node.condition, holds, rule, changes)
    return str(path) in changes.values or (not holds and str(path) in changes.events)


def _differs(value: syntax.Value, other: syntax.Value) -> bool | None:
    """None: not known before it runs."""
    if isinstance(value, syntax.Text) and isinstance(other, syntax.Text):
        return value.text != other.text
    if isinstance(value, syntax.Number) and isinstance(other, syntax.Number):
        return value.value != other.value
    return None
