"""How big a drill is: `KOGDA_DRILLS=nightly` or `=release` makes it what the design asks for."""

from __future__ import annotations

import os
from typing import Literal, TypeVar, get_args

T = TypeVar("T")

Size = Literal["commit", "nightly", "release"]
SIZE = os.environ.get("KOGDA_DRILLS") or "commit"
if SIZE not in get_args(Size):
    raise ValueError(f"KOGDA_DRILLS={SIZE} is not one of {', '.join(get_args(Size))}")


def sized(commit: T, nightly: T, release: T | None = None) -> T:
    """A release is tried at least as hard as a night."""
    if SIZE == "commit":
        return commit
    return release if SIZE == "release" and release is not None else nightly
