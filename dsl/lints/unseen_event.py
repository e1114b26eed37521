"""W524: a rule that waits for an event which no longer comes."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import listed
from dsl.walk import of_type


def lint_unseen_event(rule: CheckedRule, around: Around) -> None:
    observed = around.observed
    if not observed or not observed.events:
        return
    emitted = {emit.event.text for emit in of_type(rule.nodes, syntax.Emit)}
    started = of_type(rule.nodes, syntax.Events)
    for events in started:
        for name in events.names:
            known = name.text in rule.scope.catalog.own_events()
            if known and not observed.events.get(name.text) and name.text not in emitted:
                seen = sorted(observed.events, key=lambda each: -observed.events[each])
                rule.scope.problems.warn(
                    "W524",
                    say("{event} did not happen in the last {days} days", event=name.text, days=observed.days),
                    Label(name.span, say("nothing starts or ends here")),
                    notes=[say("events that came: {events}", events=listed(seen))],
                )
