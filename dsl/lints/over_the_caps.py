"""W509: more messages for one customer than the workspace lets through, so that some are never sent."""

from __future__ import annotations

from dsl import plan
from dsl.around import Observed
from dsl.compiling.lengths import about_seconds
from dsl.diagnostics import Label
from dsl.lints.outline import RuleOutline
from dsl.lints.workspace import Whole
from dsl.messages import say

DAY = 86_400


def lint_over_the_caps(whole: Whole) -> None:
    observed = whole.around.observed
    if not observed or not observed.doers:
        return
    for cap in whole.catalog.caps:
        if cap.topic is None:
            _check(cap, observed, whole)


def _check(cap: plan.WorkspaceCap, observed: Observed, whole: Whole) -> None:
    sent = {rule.name: (_messages(rule, cap.channel, observed), rule) for rule in whole.rules()}
    doers = max((observed.doers.get(event, 0) for rule in whole.rules() for event in rule.events), default=0)
    wanted = sum(count for count, _ in sent.values())
    periods = observed.days * DAY / about_seconds(cap.per)
    if not doers or wanted / doers <= cap.limit * periods:
        return
    most, rule = max(sent.values(), key=lambda entry: entry[0])
    whole.warn(
        "W509",
        say("the rules want to send more than the caps of the workspace let through"),
        rule.path,
        [Label(rule.span, say("{share} of these messages come from this rule", share=f"{most / wanted:.0%}"))],
        notes=[
            say(
                "last {days} days: about {wanted} messages a customer, and kogda.yaml allows {allowed}",
                days=observed.days,
                wanted=round(wanted / doers),
                allowed=round(cap.limit * periods),
            ),
            say("say how often: once per 7 days; or give the important rules a `priority`"),
        ],
    )


def _messages(rule: RuleOutline, channel: str | None, observed: Observed) -> int:
    """At most: nothing is known of the conditions."""
    if rule.transactional:
        return 0
    first = {sent.after for sent in rule.sends if channel in (None, sent.channel)}
    counted = observed.doers if rule.once else observed.events
    return len(first) * sum(counted.get(event, 0) for event in rule.events)
