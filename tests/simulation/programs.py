"""Programs are immutable: what one process has compiled, the others may have. They still ask the database for it, and
learn by themselves which zones customers have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.runtime import LoadedRules, Programs
from engine.storage.rules.published import load_rule_set


class SharedPrograms(Programs):
    def __init__(self, compiled: Mapping[int, LoadedRules]) -> None:
        super().__init__()
        self._compiled = compiled

    @staticmethod
    async def of(connection: Any, rule_set: int) -> LoadedRules:
        return await Programs().load(connection, rule_set)

    async def load(self, connection: Any, rule_set: int) -> LoadedRules:
        if (found := self.find(rule_set)) is not None:
            return found
        await load_rule_set(connection, rule_set)
        compiled = self._compiled[rule_set]
        self._loaded[rule_set] = replace(compiled, fill=replace(compiled.fill, zones=set()) if compiled.fill else None)
        self._changed()
        return self._loaded[rule_set]
