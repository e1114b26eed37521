"""The runs of one customer, found by what may concern them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from engine.core.conditions.program import RuleCode
from engine.core.model import Run


class RunIndex:
    """Runs by their rule, and by the events that may stop, move or measure them. Some may be gone by now."""

    def __init__(self) -> None:
        self.by_rule: dict[str, list[UUID]] = {}
        self.by_event: dict[str, list[UUID]] = {}

    def add(self, run: Run, code: RuleCode | None) -> None:
        """Also again, when it moves to another rule set."""
        for name, listed in ((run.rule, self.by_rule), *((event, self.by_event) for event in _concerned_by(code))):
            ids = listed.setdefault(name, [])
            if run.id not in ids:
                ids.append(run.id)


def _concerned_by(code: RuleCode | None) -> Collection[str]:
    return code.concerned_by if code is not None else ()
