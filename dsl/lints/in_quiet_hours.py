"""W530: a time of day at which nothing may be sent."""

from __future__ import annotations

import re
from datetime import time

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.lints.reading import clock_times, sends_to_customers
from dsl.messages import say
from dsl.problems import replacement

EXEMPT = (syntax.IgnoreQuietHours, syntax.Transactional)
_HOURS = re.compile(r"(\d{1,2}):(\d\d)\D+(\d{1,2}):(\d\d)")


def lint_in_quiet_hours(rule: CheckedRule, around: Around) -> None:
    if not sends_to_customers(rule) or any(isinstance(clause, EXEMPT) for clause in rule.node.clauses):
        return
    hours, where = _own(rule) or _of_workspace(rule) or (None, "")
    if hours is None:
        return
    start, end = hours
    for at in clock_times(rule):
        if _is_inside(at.value, start, end):
            rule.scope.problems.warn(
                "W530",
                say("never sent at {at}: quiet hours end at {end}", at=_shown(at.value), end=_shown(end)),
                Label(at.span, say("moved to {end} for every customer ({where})", end=_shown(end), where=where)),
                notes=[say("or, for a message that cannot wait: ignore quiet hours")],
                fixes=[replacement(at.span, _shown(end))],
            )


def _own(rule: CheckedRule) -> tuple[tuple[time, time], str] | None:
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.QuietHours):
            line = rule.scope.line(clause.span)
            return (clause.start.value, clause.end.value), f"{rule.scope.source.path}:{line}"
    return None


def _of_workspace(rule: CheckedRule) -> tuple[tuple[time, time], str] | None:
    """`22:00 to 9:00`, or {from: …, to: …}, however kogda.yaml came to hold them."""
    setting = rule.scope.catalog.settings.get("quiet_hours")
    words = " to ".join(str(each) for each in setting.values()) if isinstance(setting, dict) else str(setting or "")
    if isinstance(setting, list | tuple):
        words = " to ".join(str(each) for each in setting)
    found = _HOURS.search(words)
    if not found:
        return None
    numbers = [int(each) for each in found.groups()]
    if numbers[0] > 23 or numbers[2] > 23:
        return None
    return (time(numbers[0], numbers[1]), time(numbers[2], numbers[3])), "kogda.yaml"


def _is_inside(at: time, start: time, end: time) -> bool:
    return start <= at < end if start < end else at >= start or at < end


def _shown(at: time) -> str:
    return f"{at.hour}:{at.minute:02}"
