"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem` makes the command fail; `warning` and `unknown` (could not be found out) do not."""

    state: Literal["good", "warning", "problem", "unknown"]
    topic: str
    text: str
    advice: str = ""
