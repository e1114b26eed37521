"""How two plans differ, in the words of the language: rules by name, and each changed sentence before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from dsl import plan
from dsl.messages import Language, in_language
from dsl.telling import tell_condition, tell_rule

Kind = Literal["added", "changed", "removed"]

_STOPS = ".,:;"


@dataclass(frozen=True, slots=True)
class Sentence:
    """`before` None: new; `after` None: gone."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RuleDifference:
    kind: Kind
    rule: plan.Rule  # as it will be; of a removed one, as it was
    sentences: tuple[Sentence, ...] = ()  # of a changed rule; empty when only facts about it changed


@dataclass(frozen=True, slots=True)
class SegmentDifference:
    kind: Kind
    name: str
    sentences: tuple[Sentence, ...] = ()
    used_by: tuple[str, ...] = ()  # rules of the plan that it is part of


def rule_differences(old: plan.Plan, new: plan.Plan, language: Language = "en") -> Iterator[RuleDifference]:
    """Changed ones first, then added, then removed, each by name. A rule that only moved in its file is the same."""
    before, after = {rule.name: rule for rule in old.rules}, {rule.name: rule for rule in new.rules}
    for name in sorted(before.keys() & after.keys()):
        if plain_rule(before[name]) != plain_rule(after[name]):
            sentences = tuple(_changes(_told(before[name], language), _told(after[name], language)))
            yield RuleDifference("changed", after[name], sentences)
    yield from (RuleDifference("added", after[name]) for name in sorted(after.keys() - before.keys()))
    yield from (RuleDifference("removed", before[name]) for name in sorted(before.keys() - after.keys()))


def segment_differences(old: plan.Plan, new: plan.Plan, language: Language = "en") -> Iterator[SegmentDifference]:
    for name in sorted(old.segments.keys() | new.segments.keys()):
        before, after = old.segments.get(name), new.segments.get(name)
        if before is not None and after is not None and before.condition == after.condition:
            continue
        said = [
            [in_language(tell_condition(each.condition), language)] if each is not None else []
            for each in (before, after)
        ]
        kind: Kind = "changed" if before and after else "added" if after else "removed"
        users = tuple(rule.name for rule in (new if after else old).rules if _mentions(rule, name))
        yield SegmentDifference(kind, name, tuple(_changes(*said)), users)


def plain_rule(rule: plan.Rule) -> plan.Rule:
    """Without places in the file, which change when a line is added above."""
    return replace(
        rule,
        file="",
        line=0,
        guards=tuple(replace(guard, line=0) for guard in rule.guards),
        stops=tuple(replace(stop, line=0) for stop in rule.stops),
        caps=tuple(replace(cap, line=0) for cap in rule.caps),
        steps=tuple(plain_step(step) for step in rule.steps),
    )


def plain_step(step: plan.Step) -> plan.Step:
    return step if isinstance(step, plan.Jump) else replace(step, line=0)


def _told(rule: plan.Rule, language: Language) -> list[str]:
    return [in_language(line.text, language) for line in tell_rule(rule)]


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Sentence]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(end - start, new_end - new_start)
        for place in range(paired):
            yield Sentence(before[start + place], after[new_start + place])
        yield from (Sentence(text, None) for text in before[start + paired : end])
        yield from (Sentence(None, text) for text in after[new_start + paired : new_end])


def _mentions(rule: plan.Rule, segment: str) -> bool:
    """By the text of the plan: names of segments stand nowhere else in this form."""
    return f"InSegment(segment={segment!r})" in repr(rule) or f"SegmentTrigger(segment={segment!r}," in repr(rule)


def shortened(sentence: Sentence) -> str:
    """`Starts … 1 hour -> 30 minutes …`: the words that changed, and what stands before them."""
    if sentence.before is None or sentence.after is None:
        return sentence.after or sentence.before or ""
    before, after = sentence.before.split(), sentence.after.split()
    blocks = [each for each in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if each[0] != "equal"]
    if len(blocks) != 1:
        return f"{sentence.before} -> {sentence.after}"
    _, start, end, new_start, new_end = blocks[0]
    head = " ".join(before[:start])
    tail = " ".join(before[end:])
    was, will_be = " ".join(before[start:end]), " ".join(after[new_start:new_end])
    stop = was[-1:] if was[-1:] == will_be[-1:] and was[-1:] in _STOPS else ""
    changed = f"[{was.removesuffix(stop) or '…'} -> {will_be.removesuffix(stop) or '…'}]{stop}"
    return " ".join(part for part in (head, changed, tail) if part)
