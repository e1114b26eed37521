"""Long arrays of numbers as texts: of every element of an array the driver asks whether it is an array too, which costs
more than to write the number and to read it."""

from __future__ import annotations

from collections.abc import Iterable


def array_of(numbers: Iterable[int]) -> str:
    """For `$1::text::int[]`."""
    return "{" + ",".join(map(str, numbers)) + "}"
