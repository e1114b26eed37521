"""What a test stands on: rules, ready to run, and the names it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dsl.catalog import Catalog
from dsl.plan import Plan
from dsl.resolve import Names
from dsl.titles import Titles, titles_of
from engine.actions import ACTIONS
from engine.core.conditions.program import Program, load_program
from engine.testing.reading.settings import CaseSettings
from engine.testing.virtual.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The rules of some files of a workspace."""

    files: tuple[str, ...]
    program: Program
    catalog: Catalog
    names: Names
    coverage: Coverage | None = None  # filled by whoever plays tests on it

    @property
    def plan(self) -> Plan:
        return self.program.plan


@dataclass(slots=True, kw_only=True)
class Workspace:
    """The rules of all files; each choice of files and settings is made ready once."""

    plan: Plan
    catalog: Catalog
    names: Mapping[str, Names]  # what each rule file sees, by path; also says which files there are
    coverage: Coverage | None = None
    titles: Titles = field(init=False)
    settings: CaseSettings = field(init=False)
    _grounds: dict[tuple[tuple[str, ...], CaseSettings], Ground] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.titles = titles_of(self.catalog)
        self.settings = CaseSettings.of(self.catalog, self.plan)

    def ground(self, files: tuple[str, ...], settings: CaseSettings | None = None) -> Ground:
        chosen = files, settings or self.settings
        if chosen not in self._grounds:
            self._grounds[chosen] = self._make(*chosen)
        return self._grounds[chosen]

    def _make(self, files: tuple[str, ...], settings: CaseSettings) -> Ground:
        chosen = replace(settings.plan(self.plan), rules=tuple(rule for rule in self.plan.rules if rule.file in files))
        seen = {name: each for file in files for name, each in self.names[file].seen.items()}
        names = Names(seen, dict(self.names), {node for file in files for node in self.names[file].circular})
        program = load_program(chosen, 1, ACTIONS)
        catalog = settings.catalog(self.catalog)
        return Ground(files=files, program=program, catalog=catalog, names=names, coverage=self.coverage)
