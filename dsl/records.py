"""Frozen dataclasses with slots whose methods are made when they are first needed.

The standard ones compile seven functions for each class when it is imported. The language has some two hundred such
classes, `kogda check` needs half of them, and that took a third of the time in which it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_UNSET = object()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """As `dataclass(frozen=True, slots=True)`. All fields are arguments, and there is no `InitVar`."""

    def made(plain: type[T]) -> type[T]:
        plain.__doc__ = plain.__doc__ or plain.__name__  # else `dataclass` asks for the signature, to put it there
        cls = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(plain)
        for name, method in _methods(cls).items():
            if name not in plain.__dict__:
                setattr(cls, name, method)
        return cls

    return made


def _methods(cls: type) -> dict[str, Callable[..., Any]]:
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        own = _init_of(cls)
        setattr(cls, "__init__", own)  # noqa: B010
        own(self, *arguments, **named)

    def __eq__(self: Any, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(hashed(self))

    known = fields(cls)
    compared = _values_of([each.name for each in known if each.compare])
    hashed = _values_of([each.name for each in known if (each.compare if each.hash is None else each.hash)])
    return {
        "__init__": __init__, "__eq__": __eq__, "__hash__": __hash__, "__repr__": _repr,
        "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete,
        "__getstate__": _state, "__setstate__": _restore,
    }  # fmt: skip


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _init_of(cls: Any) -> Callable[..., None]:
    """A function as one would write it by hand, but for slots that cannot be set in the usual way."""
    known = fields(cls)
    if len(known) < len(cls.__dataclass_fields__) or not all(each.init for each in known):
        raise TypeError(f"{cls.__name__}: a record has no InitVar, no ClassVar and no field(init=False)")
    given: dict[str, Any] = {"_UNSET": _UNSET}
    lines = []
    for each in known:
        given[f"_set_{each.name}"] = getattr(cls, each.name).__set__
        given[f"_default_{each.name}"] = each.default
        given[f"_make_{each.name}"] = each.default_factory
        lines.append(f" _set_{each.name}(self, {_value(each)})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    positional = [_parameter(each) for each in known if not each.kw_only]
    named = [_parameter(each) for each in known if each.kw_only]
    parameters = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    exec("\n".join([f"def __init__({parameters}):", *(lines or [" pass"])]), given)
    made: Callable[..., None] = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _parameter(each: Field[Any]) -> str:
    if each.default is not MISSING:
        return f"{each.name}=_default_{each.name}"
    return f"{each.name}=_UNSET" if each.default_factory is not MISSING else each.name


def _value(each: Field[Any]) -> str:
    if each.default_factory is MISSING:
        return each.name
    return f"_make_{each.name}() if {each.name} is _UNSET else {each.name}"


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_to_set(_: Any, name: str, __: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
