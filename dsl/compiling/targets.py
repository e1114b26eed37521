"""Which attributes of the customer a rule may change."""

from __future__ import annotations

from dsl import syntax
from dsl.compiling.lookup import find_attribute
from dsl.diagnostics import Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.scope import Scope

#: Built-in attributes with a way of their own to change, or none.
NOT_SET = {
    "id": say("the id of a customer never changes"),
    "tags": say("write: add tag, remove tag"),
    "points": say("write: add 100 points, remove 100 points"),
}


def find_target(path: syntax.Path, scope: Scope) -> tuple[str, Kind] | None:
    """The attribute and its kind; None when it cannot be changed, which is reported."""
    if path.root != "customer" or len(path.parts) < 2:
        _refuse(path, say("only what we know of the customer: customer.…"), scope)
        return None
    found = find_attribute(path, scope)
    if found is None:
        return None
    name, _ = found
    if name in NOT_SET or "." in name:
        _refuse(path, NOT_SET.get(name, say("set the whole attribute, not a part of it")), scope)
        return None
    return found


def _refuse(path: syntax.Path, reason: str, scope: Scope) -> None:
    scope.problems.error("E315", say('"{step}" cannot be set', step=path), Label(path.span, reason))
