"""W542: personal data where it stays for ever, or leaves the house."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.lints.reading import kind_of
from dsl.messages import say
from dsl.walk import of_type

#: Each run of letters is looked at once: a text may be as long as its author likes.
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.\w|\+\d[\d -]{8,20}\d")


def lint_personal_data_out(rule: CheckedRule, around: Around) -> None:
    for text, what in _lasting_texts(rule):
        if _ADDRESS.search(text.text):
            rule.scope.problems.warn(
                "W542",
                say("personal data does not belong here"),
                Label(text.span, what),
                notes=[say("name people by a role, or leave it out: this is shown to everyone and never deleted")],
            )
    for pair, what in _sent_out(rule):
        kind = kind_of(pair.value, rule.scope) if isinstance(pair.value, syntax.Path) else None
        if kind and kind.personal:
            rule.scope.problems.warn(
                "W542",
                say("personal data leaves with this"),
                Label(pair.span, what),
                notes=[say("send customer.id, and let the other side look it up")],
            )


def _lasting_texts(rule: CheckedRule) -> Iterator[tuple[syntax.Text, str]]:
    if rule.node.name:
        yield rule.node.name, say("the name of a rule stays in the history")
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.Description):
            yield clause.text, say("the description stays in the history")
    for tag in of_type(rule.nodes, syntax.Tag):
        yield tag.tag, say("a tag is shown to everyone who sees the customer")


def _sent_out(rule: CheckedRule) -> Iterator[tuple[syntax.Pair, str]]:
    for call in of_type(rule.nodes, syntax.Call):
        for pair in call.properties:
            yield pair, say("to the system {target}", target=call.target.text)
    for emit in of_type(rule.nodes, syntax.Emit):
        for pair in emit.properties:
            yield pair, say("into the event {event}, which is kept", event=emit.event.text)
