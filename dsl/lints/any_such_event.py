"""W544: a wait that any such event of the customer ends, also one about another object (D10)."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.source import Span
from dsl.walk import of_type


def lint_any_such_event(rule: CheckedRule, around: Around) -> None:
    events = rule.scope.events or ()
    key = events[0].key if len(events) == 1 else None
    if key is None:
        return
    for wait in of_type(rule.nodes, syntax.WaitFor):
        if wait.same is None and wait.events.where is None and _all_have(key, wait.events, rule):
            end = wait.events.span.end
            text = f" with same {key}" if rule.scope.source.slice(wait.span).isascii() else f" с тем же {key}"
            rule.scope.problems.warn(
                "W544",
                say("any {event} ends this wait, also one of another {key}", event=wait.events.names[0].text, key=key),
                Label(wait.events.span, say("of the same customer, but perhaps about something else")),
                fixes=[Fix(text.strip(), (Edit(Span(end, end), text),))],
            )


def _all_have(key: str, events: syntax.Events, rule: CheckedRule) -> bool:
    """As a property beside a key of their own: a new order has a new number, and nobody waits for the old one."""
    known = rule.scope.catalog.events
    types = [known.get(name.text) for name in events.names]
    return all(each is not None and each.key != key and key in each.properties for each in types)
