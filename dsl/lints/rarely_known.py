"""W534 and W543: a rule that rests on something that is known of few customers, or missing in many events."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around, Observed
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type, walk

HALF, NEARLY_ALL = 0.5, 0.95


def lint_rarely_known_date(rule: CheckedRule, around: Around) -> None:
    attributes = around.observed.attributes if around.observed else {}
    for trigger in of_type(rule.nodes, syntax.DateTrigger):
        name = ".".join(part.text for part in trigger.path.parts[1:])
        share = attributes.get(name, 1.0)
        if share < HALF:
            rule.scope.problems.warn(
                "W534",
                say("this date is known of {share} of the customers", share=f"{share:.0%}"),
                Label(trigger.path.span, say("the others never get here")),
                notes=[say("ask for it first, or start with something that everybody has")],
            )


def lint_rarely_known_property(rule: CheckedRule, around: Around) -> None:
    observed, trigger = around.observed, rule.node.trigger
    if not observed or not observed.properties or not isinstance(trigger, syntax.EventTrigger):
        return
    told: set[str] = set()
    for node in walk(trigger.events.where) if trigger.events.where else ():
        if isinstance(node, syntax.Path) and node.root == "event" and len(node.parts) == 2:
            name = node.parts[1].text
            share = _share(name, trigger, observed)
            if share < NEARLY_ALL and name not in told:
                told.add(name)
                rule.scope.problems.warn(
                    "W543",
                    say("{share} of these events have no {name}", share=f"{1 - share:.0%}", name=name),
                    Label(node.span, say("where it is missing, a comparison is not true")),
                    notes=[say("add `event.{name} is known`, if that is meant, or have it sent always", name=name)],
                )


def _share(name: str, trigger: syntax.EventTrigger, observed: Observed) -> float:
    return min(observed.properties.get((event.text, name), 1.0) for event in trigger.events.names)
