"""W502: many messages for one customer, because the event is frequent and nothing says how often."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.lints.reading import sends_to_customers
from dsl.messages import say

OFTEN = 4  # runs in the time looked at, per customer who does it at all
LIMITS = (syntax.OncePer, syntax.Cap, syntax.Transactional)


def lint_frequent_event(rule: CheckedRule, around: Around) -> None:
    observed, trigger = around.observed, rule.node.trigger
    if not observed or not isinstance(trigger, syntax.EventTrigger) or trigger.events.where:
        return
    if not sends_to_customers(rule) or any(isinstance(clause, LIMITS) for clause in rule.node.clauses):
        return
    for name in trigger.events.names:
        count, doers = observed.events.get(name.text, 0), observed.doers.get(name.text, 0)
        if doers and count / doers >= OFTEN:
            rule.scope.problems.warn(
                "W502",
                say("nothing says how often one customer gets this"),
                Label(
                    name.span,
                    say("{each} times a customer in {days} days", each=round(count / doers), days=observed.days),
                ),
                notes=[
                    say(
                        "last {days} days: {count} {event} of {doers} customers",
                        days=observed.days,
                        count=f"{count:,}",
                        event=name.text,
                        doers=f"{doers:,}",
                    ),
                    say("say how often: once per 7 days, or: at most 1 message per day"),
                ],
            )
