"""W536: a birthday that comes once, long ago."""

from __future__ import annotations

import re

from dsl import plan, syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say

_YEARLY = re.compile(r"birth|anniversary|jubilee|(^|_)(born|dob|bday)(_|$)|рожд|годовщин|юбиле", re.IGNORECASE)


def lint_birthday_once(rule: CheckedRule, around: Around) -> None:
    trigger = rule.node.trigger
    if rule.compiled is None or not isinstance(rule.compiled.trigger, plan.DateTrigger):
        return
    assert isinstance(trigger, syntax.DateTrigger)
    attribute = rule.compiled.trigger.attribute
    titles = rule.scope.catalog.attributes[attribute.name].title.values()
    if attribute.repeats or not any(_YEARLY.search(name) for name in (attribute.name, *titles)):
        return
    rule.scope.problems.warn(
        "W536",
        say("this day comes once, in the year of its date, and not every year"),
        Label(trigger.path.span, say("the schema does not say that it repeats")),
        notes=[
            say("in schema.yaml: {line}", line=f"{attribute.name}: {{type: date, repeats: yearly, optional: true}}"),
        ],
    )
