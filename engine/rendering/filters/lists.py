"""Filters of lists. Each element is a step; nothing here makes a list larger than the one it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Undefined, pass_environment
from jinja2.environment import Environment

from engine.rendering.budget import current_budget
from engine.rendering.missing import Missing
from engine.rendering.values import NotAllowed, as_list, as_number, as_text, checked_list, joined


def length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict | range) else len(as_list(value))


def listed(value: Any) -> list[Any]:
    return list(_text_or_list(value))


def first(value: Any) -> Any:
    elements = _text_or_list(value)
    return elements[0] if elements else Missing(name="first")


def last(value: Any) -> Any:
    elements = _text_or_list(value)
    return elements[-1] if elements else Missing(name="last")


@pass_environment
def join(environment: Environment, value: Any, separator: Any = "", attribute: Any = None) -> str:
    elements = mapped(environment, value, attribute=attribute) if attribute is not None else as_list(value)
    return joined((as_text(element) for element in elements), as_text(separator))


@pass_environment
def sort(environment: Environment, value: Any, reverse: bool = False, attribute: Any = None) -> list[Any]:
    """What has no value comes last; texts ignore case."""
    look = _looker(environment, attribute)
    return sorted(as_list(value), key=lambda element: _sort_key(look(element)), reverse=bool(reverse))


@pass_environment
def unique(environment: Environment, value: Any, attribute: Any = None) -> list[Any]:
    look = _looker(environment, attribute)
    seen: dict[Any, Any] = {}
    for element in as_list(value):
        seen.setdefault(_sort_key(look(element)), element)
    return list(seen.values())


def reverse(value: Any) -> Any:
    elements = _text_or_list(value)
    return elements[::-1]


@pass_environment
def total(environment: Environment, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    look = _looker(environment, attribute)
    return sum((as_number(look(element)) for element in as_list(value)), as_number(start))


@pass_environment
def smallest(environment: Environment, value: Any, attribute: Any = None) -> Any:
    elements = sort(environment, value, attribute=attribute)
    return elements[0] if elements else Missing(name="min")


@pass_environment
def largest(environment: Environment, value: Any, attribute: Any = None) -> Any:
    elements = sort(environment, value, attribute=attribute)
    return elements[-1] if elements else Missing(name="max")


@pass_environment
def mapped(environment: Environment, value: Any, name: Any = None, *, attribute: Any = None) -> list[Any]:
    """`map(attribute="name")`, or `map("upper")` for a filter that needs nothing else."""
    if attribute is None:
        if name not in environment.filters:
            raise NotAllowed(f"there is no filter `{name}` to map with")
        function = environment.filters[name]
        with_environment = getattr(function, "jinja_pass_arg", None) is not None
        given = (environment,) if with_environment else ()
        return [checked_list(function(*given, element)) for element in _each(value)]
    look = _looker(environment, attribute)
    return [look(element) for element in _each(value)]


@pass_environment
def select(environment: Environment, value: Any, test: Any = None, *arguments: Any) -> list[Any]:
    holds = _test(environment, test, arguments)
    return [element for element in _each(value) if holds(element)]


@pass_environment
def reject(environment: Environment, value: Any, test: Any = None, *arguments: Any) -> list[Any]:
    holds = _test(environment, test, arguments)
    return [element for element in _each(value) if not holds(element)]


@pass_environment
def selectattr(environment: Environment, value: Any, name: Any, test: Any = None, *arguments: Any) -> list[Any]:
    holds, look = _test(environment, test, arguments), _looker(environment, name)
    return [element for element in _each(value) if holds(look(element))]


@pass_environment
def rejectattr(environment: Environment, value: Any, name: Any, test: Any = None, *arguments: Any) -> list[Any]:
    holds, look = _test(environment, test, arguments), _looker(environment, name)
    return [element for element in _each(value) if not holds(look(element))]


def batch(value: Any, size: Any) -> list[list[Any]]:
    """Rows of `size`; the last one may be shorter."""
    elements, width = as_list(value), int(as_number(size))
    if width < 1:
        raise NotAllowed("a batch has at least one element")
    return [elements[start : start + width] for start in range(0, len(elements), width)]


@pass_environment
def groupby(environment: Environment, value: Any, attribute: Any) -> list[Any]:
    look = _looker(environment, attribute)
    groups: dict[Any, tuple[Any, list[Any]]] = {}
    for element in _each(value):
        found = look(element)
        groups.setdefault(_sort_key(found), (found, []))[1].append(element)
    return [{"grouper": found, "list": members} for _, (found, members) in sorted(groups.items())]


def _each(value: Any) -> Any:
    return current_budget().each(as_list(value))


def _text_or_list(value: Any) -> Any:
    if isinstance(value, str):
        current_budget().charge(len(value))
        return value
    return as_list(value)


def _looker(environment: Environment, attribute: Any) -> Callable[[Any], Any]:
    """`"price"`, `"cart.total"` or a position; None: the element itself."""
    if attribute is None:
        return lambda element: element
    parts = [int(part) if part.isdigit() else part for part in as_text(attribute)[:200].split(".")]

    def look(element: Any) -> Any:
        for part in parts:
            element = environment.getitem(element, part)
        return element

    return look


def _test(environment: Environment, name: Any, arguments: tuple[Any, ...]) -> Callable[[Any], bool]:
    if name is None:
        return bool
    if name not in environment.tests:
        raise NotAllowed(f"there is no test `{name}`")
    test: Any = environment.tests[name]
    return lambda element: bool(test(element, *arguments))


def _sort_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool | int | float):
        return (0, value)
    if isinstance(value, dict) and "amount" in value:
        return (0, as_number(value))
    if value is None or isinstance(value, Undefined):
        return (2, "")
    text = as_text(value).casefold()
    current_budget().charge(len(text))
    return (1, text)
