"""How template expressions treat values: as text, as a list, in arithmetic. Every size is paid for first."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup, escape

from engine.rendering.budget import BudgetExceeded, current_budget, weigh

#: Larger integers are of no use in a mail, and cost more than they look.
_MAX_BITS = 256


class NotAllowed(Exception):
    """The template asked for something that templates cannot do."""


def as_text(value: object) -> str:
    """What `{{ value }}` prints: nothing for a missing value, the elements of a list with commas between."""
    kind = type(value)
    if type(value) is str or type(value) is Markup:
        return value
    if kind is int or kind is float or isinstance(value, Undefined):
        return str(value)
    if value is None:
        return ""
    if kind is bool:
        return "yes" if value else "no"
    if type(value) is list or type(value) is tuple:
        if any(isinstance(element, list | tuple | dict) for element in value):
            raise NotAllowed("a list of lists or objects cannot be printed; loop over it with {% for %}")
        return joined((as_text(element) for element in value), ", ")
    if kind is dict:
        raise NotAllowed("an object cannot be printed; print one of its properties, like `{{ cart.total }}`")
    if hasattr(value, "__html__"):
        return str(value)
    raise NotAllowed("only texts and numbers can be printed")


def joined(parts: Iterable[str], separator: str = "") -> str:
    """Safe texts stay safe: as in Jinja, one of them makes the others escaped."""
    texts = list(parts)
    size = sum(map(len, texts)) + len(separator) * len(texts)
    current_budget().charge(size)
    if any(type(text) is Markup for text in texts):
        return Markup(escape(separator)).join(texts)
    return separator.join(texts)


def concatenated(*values: object) -> str:
    return joined([as_text(value) for value in values])


def as_list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | Mapping):
        elements = list(value)
    elif isinstance(value, str | int | float | bool):
        raise NotAllowed("a list is needed here, not a text or a number")
    else:
        elements = list(current_budget().each(value or ()))
    current_budget().charge(len(elements))
    return elements


def checked_list(value: Any) -> Any:
    """A list, tuple or object literal: what it holds is weighed, so that none can double without end."""
    current_budget().charge(weigh(value))
    return value


def as_number(value: object) -> Any:
    if isinstance(value, int | float):
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise BudgetExceeded("a number with too many digits")
        return value
    if isinstance(value, dict) and "amount" in value:
        return float(value["amount"])
    if isinstance(value, str):
        try:
            return float(value) if len(value) < 40 else None
        except ValueError:
            pass
    raise NotAllowed(f"{_word(value)} is not a number")


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return joined([left, right])
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return checked_list([*left, *right])
    return as_number(left) + as_number(right)


def _numeric(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: operation(as_number(left), as_number(right))


def _power(left: Any, right: Any) -> Any:
    base, exponent = as_number(left), as_number(right)
    if abs(exponent) > 64:
        raise BudgetExceeded("a number with too many digits")
    return base**exponent


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _numeric(operator.sub),
    "*": _numeric(operator.mul),
    "/": _numeric(operator.truediv),
    "//": _numeric(operator.floordiv),
    "%": _numeric(operator.mod),
    "**": _power,
}


def arithmetic(sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, Undefined):
        return left
    if isinstance(right, Undefined):
        return right
    return ARITHMETIC[sign](left, right)


def _word(value: object) -> str:
    words = {str: "a text", list: "a list", dict: "an object", bool: "yes or no"}
    return words.get(type(value), "this value")
