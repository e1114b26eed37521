"""The name of every rule: its own, or one made from what it does, so that edits of other rules do not change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dsl import syntax
from dsl.walk import Index, of_type


def rule_names(files: Sequence[syntax.RuleFile], nodes: Mapping[int, Index]) -> dict[int, str]:
    """By the id of the rule's node. Made ones count up on a collision: `cart.rules: cart_left, email cart (2)`."""
    names: dict[int, str] = {}
    taken: Counter[str] = Counter()
    for file in files:
        for item in file.items:
            if isinstance(item, syntax.Rule):
                names[id(item)] = item.name.text if item.name else _numbered(_made(file, item, nodes[id(item)]), taken)
    return names


def _numbered(name: str, taken: Counter[str]) -> str:
    taken[name] += 1
    return name if taken[name] == 1 else f"{name} ({taken[name]})"


def _made(file: syntax.RuleFile, rule: syntax.Rule, nodes: Index) -> str:
    trigger = " or ".join(_trigger_words(rule.trigger))
    first = next(iter(of_type(nodes, syntax.Recipient)), None)
    action = f", {first.channel or 'best'} {first.template.text}" if first else ""
    return f"{file.source.path}: {trigger}{action}"


def _trigger_words(trigger: syntax.Trigger) -> list[str]:
    match trigger:
        case syntax.EventTrigger(events=events) | syntax.TimesTrigger(events=events):
            return [name.text for name in events.names]
        case syntax.SequenceTrigger(first=first):
            return [name.text for name in first.names]
        case syntax.InactivityTrigger(event=event):
            return [f"no {event.text}"]
        case syntax.SegmentTrigger(segment=segment):
            return [segment.text]
        case syntax.ChangeTrigger(path=path) | syntax.DateTrigger(path=path):
            return [str(path)]
        case syntax.ScheduleTrigger():
            return ["schedule"]
