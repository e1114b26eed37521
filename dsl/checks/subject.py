"""What the checks look at: all rules, with what the compiler knows of each."""

from __future__ import annotations

from dataclasses import dataclass

from dsl import plan, syntax
from dsl.catalog import Catalog
from dsl.resolve import Names
from dsl.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    name: str
    node: syntax.Rule
    scope: Scope
    compiled: plan.Rule | None  # None: its trigger has a mistake or is not executed yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    catalog: Catalog
    files: tuple[syntax.RuleFile, ...]
    names: dict[str, Names]
    rules: tuple[CheckedRule, ...]
