"""Values that nothing changes, as the type checker sees to: to enforce it at run time too costs a tenth of a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(*, slots: bool = True, kw_only: bool = True) -> Callable[[type[_T]], type[_T]]:
    """A dataclass whose fields are frozen for mypy, and most often given by name, for what is made by the thousand."""
    return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=True)
