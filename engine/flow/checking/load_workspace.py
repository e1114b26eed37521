"""A workspace folder to a plan, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsl.around import Around
from dsl.built_in_events import with_built_in
from dsl.catalog import Catalog
from dsl.compiler import compile_rules
from dsl.compiling.double_opt_in import asked_events
from dsl.diagnostics import Diagnostic, Severity
from dsl.parser import parse_file, parse_tests
from dsl.plan import Plan
from dsl.problems import Problems, in_order
from dsl.syntax import Rule, RuleFile
from engine.flow.checking.template_catalog import load_templates
from engine.flow.checking.template_sizes import SampleData
from engine.rendering.brand import brand_of
from engine.workspace.confirmations import check_confirmations
from engine.workspace.files import WorkspaceFiles, asked_about, read_files
from engine.workspace.outside import check_shown
from engine.workspace.schema import Schema, load_schema
from engine.workspace.settings import WorkspaceSettings, load_settings

#: What a name may be reported for when its definition stands in a part of a file that could not be read.
FOLLOW_ON = frozenset({"E206", "E215"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWorkspace:
    """`plan` is None if any diagnostic of any file is an error, also of files that were not asked about."""

    folder: Path
    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]  # by file and place; of `paths` only, when some were given
    templates: dict[str, str]  # "email/cart.html" -> source
    settings: dict[str, Any]  # what of kogda.yaml the engine reads besides the plan, as JSON
    catalog: Catalog
    rules: int  # how many there are in the files that were asked about
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What rules stand on: everything of a workspace but its rules and tests, and what is wrong with it."""

    settings: WorkspaceSettings
    catalog: Catalog
    templates: dict[str, str]
    found: tuple[Diagnostic, ...]


def load_workspace(folder: Path, paths: Sequence[Path] | None = None) -> CheckedWorkspace:
    """Reads the whole folder. `paths`, files or folders inside it, limit what is reported, not what is read."""
    files = read_files(folder)
    ground = read_ground(files)
    parsed, mistakes = _parse(files)
    return check_rules(folder, ground, parsed, mistakes, paths=paths)


def read_ground(files: WorkspaceFiles) -> Ground:
    found = list(files.found)
    settings = load_settings(files.settings, Problems(files.settings, found)) if files.settings else WorkspaceSettings()
    schema = load_schema(files.schema, Problems(files.schema, found), settings.late_after) if files.schema else Schema()
    if files.settings:
        check_shown(settings.staff, schema.attributes, Problems(files.settings, found))
    catalog = _catalog(settings, schema, files, found)
    if files.settings:
        check_confirmations(settings.double_opt_in, catalog.templates, Problems(files.settings, found))
    return Ground(settings=settings, catalog=catalog, templates=files.templates, found=tuple(found))


def check_rules(
    folder: Path,
    ground: Ground,
    parsed: Sequence[RuleFile],
    mistakes: Sequence[Diagnostic],
    *,
    paths: Sequence[Path] | None = None,
    around: Around | None = None,
) -> CheckedWorkspace:
    """`mistakes` are those of the parser, also in tests. Lints run when there is something `around`."""
    plan, compiled = compile_rules(parsed, ground.catalog, around)
    found = [*ground.found, *mistakes]
    found.extend(without_follow_on(compiled, found))
    is_about = asked_about(folder, paths)
    return CheckedWorkspace(
        folder=folder,
        plan=None if _has_errors(found) else plan,
        diagnostics=tuple(each for each in in_order(found) if is_about(each.source.path)),
        templates=ground.templates,
        settings=ground.settings.as_json(),
        catalog=ground.catalog,
        rules=sum(isinstance(item, Rule) for file in parsed if is_about(file.source.path) for item in file.items),
        files=sum(is_about(file.source.path) for file in parsed),
    )


def _parse(files: WorkspaceFiles) -> tuple[list[RuleFile], list[Diagnostic]]:
    parsed, found = [], []
    for source in files.rules:
        file, mistakes = parse_file(source)
        parsed.append(file)
        found.extend(mistakes)
    for source in files.tests:
        found.extend(parse_tests(source)[1])
    return parsed, found


def _catalog(settings: WorkspaceSettings, schema: Schema, files: WorkspaceFiles, found: list[Diagnostic]) -> Catalog:
    return Catalog(
        events={**asked_events(settings.double_opt_in), **with_built_in(schema.events, settings.channels)},
        attributes=schema.attributes,
        templates=load_templates(files.templates, settings.topics, found, _sample(settings, schema)),
        topics=tuple(settings.topics),
        channels=tuple(settings.channels),
        quiet_hours=settings.quiet_hours,
        caps=settings.caps,
        pools=settings.promos,
        webhooks=tuple(settings.webhooks),
        staff=tuple(settings.staff),
        timezone=settings.timezone,
        currency=settings.currency,
        settings=settings.as_json(),
    )


def _sample(settings: WorkspaceSettings, schema: Schema) -> SampleData:
    return SampleData(
        attributes=schema.attributes,
        properties={name: kind for event in schema.events.values() for name, kind in event.properties.items()},
        workspace=brand_of(settings.as_json()),
        locale=settings.locale,
        timezone=settings.timezone,
        currency=settings.currency,
    )


def without_follow_on(compiled: Sequence[Diagnostic], found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """A definition that could not be read would make every use of it look unknown."""
    if not any(each.code.startswith("E1") for each in found):
        return list(compiled)
    return [each for each in compiled if each.code not in FOLLOW_ON]


def _has_errors(found: Sequence[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in found)
