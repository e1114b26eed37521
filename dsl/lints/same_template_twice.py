"""W503: one message that two rules send, each without knowing of the other."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.diagnostics import Label
from dsl.lints.exclusion import exclude_each_other
from dsl.lints.outline import RuleOutline, Sent
from dsl.lints.workspace import Whole
from dsl.messages import say

MOST = 20  # rules that are compared with one template


def lint_same_template_twice(whole: Whole) -> None:
    """One warning for each rule, whatever it has in common with others."""
    senders: dict[tuple[str | None, str], list[RuleOutline]] = {}
    for rule in whole.rules():
        shared: list[tuple[Sent, RuleOutline]] = []
        for key, sent in {(sent.channel, sent.template): sent for sent in rule.sends}.items():
            before = senders.setdefault(key, [])
            other = next((each for each in before if _may_meet(each, rule)), None) if len(before) < MOST else None
            before.append(rule)
            if other:
                shared.append((sent, other))
        if shared:
            _report(whole, rule, shared)


def _report(whole: Whole, rule: RuleOutline, shared: Sequence[tuple[Sent, RuleOutline]]) -> None:
    first, others = shared[0][0], {other.name: other for _, other in shared}
    whole.warn(
        "W503",
        say('two rules send {channel} "{template}"', channel=first.channel or "best", template=first.template),
        rule.path,
        [Label(sent.span, say('so does "{name}"', name=other.name)) for sent, other in shared],
        notes=[
            *(say("the other one: {place}", place=whole.place(each.path, each.span)) for each in others.values()),
            say("a customer may get it twice: make it one rule, or let their conditions exclude each other"),
        ],
    )


def _may_meet(first: RuleOutline, second: RuleOutline) -> bool:
    if first.transactional or second.transactional or set(first.events) & set(second.events):
        return False  # on the same event: see W504
    return not exclude_each_other(first.parts, second.parts) and not apart(first, second)


def apart(first: RuleOutline, second: RuleOutline) -> bool:
    """One ends before the other begins."""
    if not first.active or not second.active:
        return False
    return bool(
        (first.active[1] and first.active[1] < second.active[0])
        or (second.active[1] and second.active[1] < first.active[0])
    )
