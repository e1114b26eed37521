"""`add 100 points`, `remove 5 points`, `add 1 point per 100 RUB of event.total` (D15)."""

from __future__ import annotations

from dsl import plan
from engine.core import values
from engine.core.conditions.expressions import read_constant
from engine.core.runs.deeds import Deed, Scene

#: More than anybody collects, and small enough for every program that reads it.
MOST_POINTS = 10**15


def change_points(step: plan.Points, scene: Scene) -> Deed:
    """Parts of a point are not counted. A balance never falls below 0: what is missing is forgiven."""
    wanted = step.amount * _times(step, scene)
    balance = scene.customer.points
    change = min(wanted, MOST_POINTS - balance) if step.add else -min(wanted, balance)
    verb = "add" if step.add else "remove"
    short = "" if abs(change) == wanted else f", {abs(change)} of them"
    return Deed(what="changed", detail=f"{verb} {wanted} points{short}", points=change)


def _times(step: plan.Points, scene: Scene) -> int:
    """How often the amount goes into the money: never for another currency, or for less than nothing."""
    if step.per is None or step.of is None:
        return 1
    per = read_constant(step.per)
    beside = scene.event if isinstance(step.of, plan.Property) else {}
    of = values.money(scene.value(step.of), beside, scene.currency)
    if per is None or of is None or of[0] != per[0] or per[1] <= 0:
        return 0
    return max(int(of[1] // per[1]), 0)
