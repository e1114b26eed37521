"""W508: a second channel that reaches nobody new."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type

FEW = 0.05


def lint_fallback_without_consent(rule: CheckedRule, around: Around) -> None:
    for send in of_type(rule.nodes, syntax.Send):
        tried = [send.first.channel]
        for fallback in send.fallbacks:
            _check(fallback, tried, rule, around)
            tried.append(fallback.channel)


def _check(fallback: syntax.Recipient, tried: list[str | None], rule: CheckedRule, around: Around) -> None:
    channel = fallback.channel
    if channel is None:
        return
    if channel in tried:
        _warn(fallback, rule, say("{channel} has been tried already", channel=channel))
    elif around.observed and around.observed.reachable.get(channel, 1.0) < FEW:
        share = f"{around.observed.reachable[channel]:.1%}"
        _warn(
            fallback, rule, say("{share} of the customers may be written to by {channel}", share=share, channel=channel)
        )


def _warn(fallback: syntax.Recipient, rule: CheckedRule, why: str) -> None:
    rule.scope.problems.warn(
        "W508",
        say("this second channel hardly helps anybody"),
        Label(fallback.span, why),
        notes=[say("name a channel that these customers agreed to, or leave it out")],
    )
