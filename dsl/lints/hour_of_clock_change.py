"""W531: a time of day that one night of the year does not have."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.lints.reading import clock_times
from dsl.messages import say

FROM, TO = time(2), time(3)


def lint_hour_of_clock_change(rule: CheckedRule, around: Around) -> None:
    year = around.today.year if around.today else None
    if year is None or not _changes_clocks(_zone(rule), year):
        return
    for at in clock_times(rule):
        if FROM <= at.value < TO:
            rule.scope.problems.warn(
                "W531",
                say("one night of the year has no such time"),
                Label(at.span, say("when the clocks go forward, this comes at 3:00")),
                notes=[say("write a time before 2:00 or after 3:00")],
            )


def _zone(rule: CheckedRule) -> str:
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.Timezone) and clause.zone:
            return clause.zone.text
    return rule.scope.catalog.timezone


def _changes_clocks(name: str, year: int) -> bool:
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    offsets = {datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 4, 7, 10)}
    return len(offsets - {None, timedelta()} | offsets) > 1
