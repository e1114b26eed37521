"""A rule's name is its identity in the history, so it belongs to one rule."""

from __future__ import annotations

from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say


def check_duplicate_names(subject: Subject, found: list[Diagnostic]) -> None:
    first: dict[str, CheckedRule] = {}
    for rule in subject.rules:
        name = rule.node.name
        other = first.setdefault(rule.name, rule)
        if name is None or other is rule:
            continue
        line = other.scope.line(other.node.span)
        rule.scope.problems.error(
            "E210",
            say('there are two rules called "{name}"', name=name.text),
            Label(name.span, say("the history could not tell them apart")),
            notes=[say("the other one stands in {source}:{line}", source=other.scope.source.path, line=line)],
        )
