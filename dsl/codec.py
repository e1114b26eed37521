"""Frozen dataclasses to plain JSON values and back, by their type hints. Only what the plan needs.

A dataclass in a union is tagged with its class name under `$`; a `Length` is the list `[2, "day"]`.
Fields that hold their default are left out, so old plans stay readable when a field is added.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from dsl import plan

T = TypeVar("T")


class UnreadablePlan(ValueError):
    """The JSON is not a plan of a format that this version can read."""


def to_json(plan_: plan.Plan) -> dict[str, plan.JSON]:
    encoded = _encode(plan_)
    del encoded["$"]
    return typing.cast("dict[str, plan.JSON]", encoded)


def node_json(node: object) -> plan.JSON:
    """A part of a plan, for comparing and hashing it."""
    return typing.cast("plan.JSON", _encode(node))


def from_json(value: dict[str, Any]) -> plan.Plan:
    require_readable(value)
    return typing.cast(plan.Plan, _decode(plan.Plan, value))


def require_readable(value: Mapping[str, Any]) -> None:
    """Raises UnreadablePlan for the JSON of a plan that a newer version has made; older ones stay readable."""
    found = value.get("format", 1)
    if not isinstance(found, int) or found > plan.FORMAT:
        raise UnreadablePlan(f"plan format {found} is newer than {plan.FORMAT}, the one this version reads")


def canonical(value: plan.JSON) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(value: plan.JSON) -> str:
    """64 hexadecimal characters. Equal for equal content, whatever the order of the keys."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _encode(value: Any) -> Any:
    if isinstance(value, plan.Length):
        return [value.amount, value.unit]
    if dataclasses.is_dataclass(value):
        encoded = {"$": type(value).__name__}
        for field in dataclasses.fields(value):
            content = getattr(value, field.name)
            if not _is_default(field, content):
                encoded[field.name] = _encode(content)
        return encoded
    if isinstance(value, tuple | list):
        return [_encode(element) for element in value]
    if isinstance(value, dict):
        return {key: _encode(content) for key, content in value.items()}
    return value


def _is_default(field: dataclasses.Field[Any], content: object) -> bool:
    if field.name == "format":
        return False
    if field.default_factory is not dataclasses.MISSING:
        return bool(content == field.default_factory())
    default = field.default
    return default is not dataclasses.MISSING and content == default and type(content) is type(default)


@cache
def part_hints(cls: type) -> dict[str, Any]:
    """Of each field. A hint may name what stands in another file of the package, further down."""
    return typing.get_type_hints(cls, vars(plan))


def _decode(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if value is None or hint is Any:
        return value
    if hint is plan.Length:
        return plan.Length(*value)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is ...:
            return tuple(_decode(arguments[0], element) for element in value)
        return tuple(_decode(part, element) for part, element in zip(arguments, value, strict=True))
    if origin is dict:
        return {key: _decode(arguments[1], content) for key, content in value.items()}
    if origin in (typing.Union, types.UnionType):
        return _decode_union(arguments, value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = part_hints(hint)
        return hint(**{key: _decode(hints[key], content) for key, content in value.items() if key != "$"})
    return value


def _decode_union(arguments: tuple[Any, ...], value: Any) -> Any:
    members = [argument for argument in arguments if dataclasses.is_dataclass(argument)]
    if isinstance(value, dict) and "$" in value:
        for member in members:
            if typing.cast(type, member).__name__ == value["$"]:
                return _decode(member, value)
        raise UnreadablePlan(f"unknown plan element {value['$']!r}")
    if plan.Length in members:
        return _decode(plan.Length, value)
    for argument in arguments:
        if typing.get_origin(argument) is tuple:
            return _decode(argument, value)
    return value
