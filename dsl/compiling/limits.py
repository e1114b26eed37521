"""Limits of sending that a rule sets itself: caps and quiet hours."""

from __future__ import annotations

from dsl import plan, syntax
from dsl.compiling.lengths import compile_length
from dsl.compiling.ways import add_channel
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.scope import Scope


def compile_cap(clause: syntax.Cap, scope: Scope) -> plan.Cap | None:
    """`at most 2 messages per day`."""
    per = compile_length(clause.per, scope)
    if clause.channel is not None and clause.channel not in scope.catalog.channels:
        scope.problems.error(
            "E621",
            say("this server has no channel {channel}", channel=clause.channel),
            Label(clause.span, say("nothing is sent there, so there is nothing to limit")),
            notes=[add_channel(clause.channel, scope.catalog.channels)],
        )
        return None
    if clause.limit < 1:
        scope.problems.error(
            "E330",
            say("this limit lets nothing through"),
            Label(clause.span, say("at least 1")),
        )
        return None
    return plan.Cap(limit=clause.limit, channel=clause.channel, per=per, line=scope.line(clause.span)) if per else None


def compile_quiet_hours(clause: syntax.QuietHours, scope: Scope) -> plan.QuietHours | None:
    """`quiet hours 22:00 to 9:00`."""
    if clause.start.value == clause.end.value:
        scope.problems.error(
            "E331",
            say("these quiet hours end when they begin"),
            Label(clause.span, say("from when to when may nothing be sent?")),
            notes=[say("for example: {example}", example="quiet hours 22:00 to 9:00")],
        )
        return None
    return plan.QuietHours(start=clause.start.value.isoformat("minutes"), end=clause.end.value.isoformat("minutes"))


def compile_first_customers(clause: syntax.FirstCustomers, scope: Scope) -> int | None:
    """`only first 50 customers`."""
    if clause.limit < 1:
        scope.problems.error("E330", say("this limit lets nothing through"), Label(clause.span, say("at least 1")))
        return None
    return clause.limit


def refuse_contradiction(rule: syntax.Rule, scope: Scope) -> None:
    """A rule that sets quiet hours and ignores them."""
    ignored = next((each for each in rule.clauses if isinstance(each, syntax.IgnoreQuietHours)), None)
    own = next((each for each in rule.clauses if isinstance(each, syntax.QuietHours)), None)
    if ignored and own:
        scope.problems.error(
            "E332",
            say("this rule sets quiet hours and ignores them"),
            (Label(ignored.span, say("which of the two?")), Label(own.span, say("its own quiet hours"))),
        )
