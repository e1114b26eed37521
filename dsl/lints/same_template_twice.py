"""W503: one message that two rules send, each without knowing of the other."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.outline import RuleOutline, Sent
from dsl.lints.parts import exclude_each_other
from dsl.lints.workspace import Whole
from dsl.messages import say

MOST = 20  # rules that are compared with one template


def lint_same_template_twice(whole: Whole) -> None:
    senders: dict[tuple[str | None, str], list[tuple[RuleOutline, Sent]]] = {}
    for rule in whole.rules():
        for key in {(sent.channel, sent.template): sent for sent in rule.sends}.items():
            senders.setdefault(key[0], []).append((rule, key[1]))
    for found in senders.values():
        for index, (rule, sent) in enumerate(found[1:MOST], 1):
            other = next((each for each, _ in found[:index] if _may_meet(each, rule)), None)
            if other:
                whole.warn(
                    "W503",
                    say(
                        'two rules send {channel} "{template}"', channel=sent.channel or "best", template=sent.template
                    ),
                    rule.path,
                    [Label(sent.span, say('so does "{name}"', name=other.name))],
                    notes=[
                        say("the other one: {place}", place=whole.place(other.path, other.span)),
                        say(
                            "a customer may get it twice: make it one rule, or let their conditions exclude each other"
                        ),
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
