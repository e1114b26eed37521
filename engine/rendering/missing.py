"""What a template sees where nothing is: empty when sent, an error when checked."""

from __future__ import annotations

from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import UndefinedError

from engine.rendering.budget import current_budget


class Missing(Undefined):
    """Renders empty and is remembered by its whole path; every comparison with it is false, arithmetic gives it back.

    `customer.cart.total` is missing as a whole when `customer.cart` is: looking further is no error.
    """

    __slots__ = ()

    @property
    def path(self) -> str:
        return str(self._undefined_name or "a value")

    def inside(self, name: object) -> Missing:
        return Missing(name=f"{self.path}.{name}")

    def note(self) -> None:
        """Called where the value would show. Raises UndefinedError in a strict rendering."""
        budget = current_budget()
        if budget.strict:
            raise UndefinedError(f"`{self.path}` is missing")
        budget.missing.add(self.path)

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return self.inside(name)

    def __getitem__(self, key: object) -> Missing:  # type: ignore[override]
        return self.inside(key)

    def __str__(self) -> str:
        self.note()
        return ""

    def __html__(self) -> str:
        return str(self)

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Any:
        self.note()
        return iter(())

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(type(self))

    def _compare(self, other: object) -> bool:
        self.note()
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _compare  # type: ignore[assignment]

    def _unchanged(self, *_: object) -> Missing:
        return self

    __neg__ = __pos__ = __call__ = _unchanged  # type: ignore[assignment]
