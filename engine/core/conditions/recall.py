"""Values of history outside of conditions: in `with`, `set … to`, `emit`."""

from __future__ import annotations

from typing import cast
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.conditions.expressions import shape, tallying
from engine.core.conditions.history import Tallying, as_json
from engine.core.conditions.scope import Scope
from engine.core.runs.deeds import Recall
from engine.core.values import Values, money

_MOST_TALLIES = 4096
_tallies: dict[tuple[str, str | None], Tallying] = {}


def recall_of(
    scope: Scope, event: Values, attributes: Values, *, currency: str | None, zone: ZoneInfo | None
) -> Recall:
    """How history is read at one moment: for `event`, in a rule with this zone of its own, if it has one."""

    def recall(value: plan.HistoryValue) -> plan.JSON:
        if isinstance(value, plan.LastValue):
            if value.kind == "money":  # its currency may stand beside it
                raw = scope.last_value(value.event, tuple(value.property.split(".")))
                return as_json(money(raw, scope.last(value.event), currency))
            return cast(plan.JSON, scope.last_value(value.event, tuple(value.property.split("."))))
        if isinstance(value, plan.DaysSince):
            return as_json(scope.days_since(value.event, zone))
        return as_json(scope.tally(_made_ready(value, currency, zone), attributes, event, value.currency or currency))

    return recall


def _made_ready(node: plan.Tally, currency: str | None, zone: ZoneInfo | None) -> Tallying:
    """Once for each tally: actions meet the same ones again and again."""
    key = (shape(node, zone), currency)
    if key not in _tallies:
        if len(_tallies) >= _MOST_TALLIES:
            _tallies.clear()
        _tallies[key] = tallying(node, currency, zone=zone)
    return _tallies[key]
