"""When the lines of a test are: `2026-03-02 10:00`, `10:05` of the day of the `at` above, `plus 40 min` after it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dsl import syntax
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.plan import Length
from dsl.problems import Problems
from engine.core import calendar

_YEARS = range(1970, 2200)


class Moments:
    """Remembers the `at` above."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._above: datetime | None = None
        self._above_node: syntax.Moment | None = None
        self.latest: datetime | None = None  # of all that was written above, expectations as well

    def step_to(self, node: syntax.Moment, zone: ZoneInfo) -> datetime | None:
        """The moment of an `at` line; None when it is wrong, which is reported."""
        at = self.read(node, zone)
        if at is None:
            return None
        if self._above is not None and at < self._above:
            assert self._above_node is not None
            self._problems.error(
                "E401",
                say("time goes backwards here"),
                (
                    Label(node.span, say("{at} is earlier", at=f"{at.astimezone(zone):%Y-%m-%d %H:%M}")),
                    Label(self._above_node.span, say("than {at}", at=f"{self._above.astimezone(zone):%Y-%m-%d %H:%M}")),
                ),
                notes=[say("put the lines in the order in which things happen")],
            )
            return None
        self._above, self._above_node = at, node
        return at

    def read(self, node: syntax.Moment, zone: ZoneInfo) -> datetime | None:
        at = self._placed(node, zone)
        if at is not None and at.year not in _YEARS:
            self._refuse(
                node, say("this year is out of reach"), say("from {first} to {last}", first=_YEARS[0], last=_YEARS[-1])
            )
            return None
        if at is not None and (self.latest is None or at > self.latest):
            self.latest = at
        return at

    def _placed(self, node: syntax.Moment, zone: ZoneInfo) -> datetime | None:
        if node.date is not None and node.time is not None:
            return calendar.resolve(datetime.combine(node.date.value, node.time.value), zone)
        if self._above is None:
            self._refuse(
                node,
                say("the first moment of a test needs a date"),
                say("no `at` stands above that it could count from"),
            )
            return None
        if node.plus is not None:
            return calendar.add(self._above, Length(node.plus.amount, node.plus.unit), zone)
        assert node.time is not None
        return calendar.resolve(datetime.combine(self._above.astimezone(zone).date(), node.time.value), zone)

    def _refuse(self, node: syntax.Moment, message: str, label: str) -> None:
        self._problems.error("E404", message, Label(node.span, label), notes=[say("write it out: 2026-03-02 10:00")])
