"""What the checks look at: all rules, with what the compiler knows of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl import plan, syntax
from dsl.around import Around
from dsl.catalog import Catalog
from dsl.resolve import Names
from dsl.scope import Scope
from dsl.source import Source
from dsl.walk import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    name: str
    node: syntax.Rule
    scope: Scope
    compiled: plan.Rule | None  # None: its trigger has a mistake or is not executed yet
    nodes: Index  # all nodes of the rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    catalog: Catalog
    files: tuple[syntax.RuleFile, ...]
    names: dict[str, Names]
    others: dict[str, Index]  # by path: the nodes of definitions and other items that are no rules
    rules: tuple[CheckedRule, ...]
    around: Around | None = None

    def sources(self) -> dict[str, Source]:
        return {file.source.path: file.source for file in self.files}

    def indexes(self) -> Iterator[tuple[Source, Index]]:
        """The nodes of all items, rule by rule, then the other items of each file."""
        for rule in self.rules:
            yield rule.scope.source, rule.nodes
        for file in self.files:
            yield file.source, self.others[file.source.path]
