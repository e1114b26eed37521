"""The contract between the core and the actions of the language: what an action sees, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from dsl import plan
from dsl.plan import JSON
from engine.core.model import Customer, Properties
from engine.core.values import Values

#: Reads a value of the customer's history.
Recall: TypeAlias = Callable[[plan.HistoryValue], JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What an action may read: the customer as of this step, and the event of the run."""

    customer: Customer
    attributes: Values  # what rules see as `customer.…`
    event: Properties
    kinds: Mapping[str, str]  # of the customer's attributes, by the schema
    currency: str | None = None  # the workspace's: of amounts that name none
    recall: Recall

    def value(self, operand: plan.Operand) -> JSON:
        """The raw value of an operand; None when it is missing."""
        return read_operand(operand, self.event, self.attributes, self.recall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """Something to tell others than the customer: a webhook target, a group of the staff."""

    channel: Literal["webhook", "staff"]
    name: str
    context: Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What an action changes. `detail` is its line in the run's record."""

    what: Literal["changed", "emitted", "called"]
    detail: str
    customer: Customer | None = None  # None: unchanged
    event: str | None = None  # the name of an event to emit
    properties: Properties = field(default_factory=dict)
    points: int = 0  # to the customer's balance
    outward: Outward | None = None


#: One DSL action: its plan step and the scene give a deed.
Action: TypeAlias = Callable[[Any, Scene], Deed]
Actions: TypeAlias = Mapping[type, Action]


def forgotten(_value: plan.HistoryValue) -> JSON:
    return None


def read_operand(operand: plan.Operand, event: Values, attributes: Values, recall: Recall = forgotten) -> JSON:
    if isinstance(operand, plan.Constant):
        return operand.value
    if isinstance(operand, plan.Tally | plan.LastValue | plan.DaysSince):
        return recall(operand)
    found: Any = event if isinstance(operand, plan.Property) else attributes
    for part in operand.name.split("."):
        if type(found) is not dict:
            return None
        found = found.get(part)
    return found  # type: ignore[no-any-return]
