"""`kogda test`: runs the tests of a workspace, in virtual time. Nothing is sent."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from api.cli.coverage_report import coverage_html, coverage_text
from api.cli.test_record import Recording, record_test
from api.cli.test_report import as_junit, render_results
from api.language import spoken, told
from dsl.diagnostics import Diagnostic, Severity
from dsl.messages import say
from dsl.parser import parse_file, parse_tests
from dsl.render import render_text
from dsl.resolve import resolve
from dsl.syntax import TestFile
from dsl.titles import titles_of, with_schema_names
from engine.errors import ConfigurationError
from engine.flow.checking.load_workspace import check_rules, read_ground
from engine.testing.cases.running import run_file
from engine.testing.cases.updating import changed_files, difference
from engine.testing.reading.ground import Workspace
from engine.testing.virtual.coverage import Coverage
from engine.workspace.files import WorkspaceFiles, read_files

PASSED, FAILED, COULD_NOT_RUN = 0, 1, 2


class ReportFormat(StrEnum):
    text = "text"
    junit = "junit"


def test(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATHS]", help="Run only these *.test.rules or folders of them.")
    ] = None,
    workspace: Annotated[
        Path,
        typer.Option(metavar="DIR", envvar="KOGDA_WORKSPACE", help="Folder with kogda.yaml, schema.yaml and rules/."),
    ] = Path(),
    run: Annotated[str, typer.Option(metavar="TEXT", help="Run only tests that have this in their title.")] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="Also tell what no test has seen happen.")] = False,
    min: Annotated[
        float | None, typer.Option(metavar="PERCENT", min=0, max=100, help="Fail below this coverage.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the coverage as a page.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite the expectations of failing tests to what happens.")
    ] = False,
    record: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Write a test from what a customer really did.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="With --record: the customer's userId, or a key: u:42, a:….")
    ] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="With --record: 30d, 12h, 2w ago, or a day.")
    ] = "30d",
    until: Annotated[str | None, typer.Option(metavar="TIME", help="With --record; default: now.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="With --record: add the test to this file.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
    format: Annotated[ReportFormat, typer.Option(help="text for people, junit for pipelines.")] = ReportFormat.text,
) -> None:
    """Run the tests of the rules: exits 0 when all pass, 1 when one fails, 2 when there are none or rules are wrong."""
    started = perf_counter()
    files, tests, ready = _load(workspace)
    if coverage or min is not None or html is not None:
        ready.coverage = Coverage.of(ready.plan.rules)
    if record is not None:
        record_test(ready, workspace, Recording(record, customer, since, until, out, data))
        return
    if update:
        raise typer.Exit(_update(_asked_for(tests, workspace, paths or []), ready, workspace, run))
    gc.freeze()  # rules and tests stay to the end: to walk them for nothing takes long
    results = [
        result for file in _asked_for(tests, workspace, paths or []) for result in run_file(file, ready, run=run)
    ]
    if not results:
        raise ConfigurationError(_nothing_found(workspace, paths or [], run))
    if format is ReportFormat.junit:
        sys.stdout.write(as_junit(results, perf_counter() - started))
    else:
        render_results(results, perf_counter() - started)
    is_enough = ready.coverage is None or _tell_coverage(ready.coverage, files, min, html, format)
    has_failed = any(result.status == "failed" for result in results)
    raise typer.Exit(FAILED if has_failed or not is_enough else PASSED)


def _update(tests: Sequence[TestFile], ready: Workspace, folder: Path, run: str) -> int:
    """Writes the files, and shows what became different; 1 when a test still fails: it has mistakes, or examples."""
    if not any(file.cases for file in tests):
        raise ConfigurationError(_nothing_found(folder, [], run))
    changed = list(changed_files(tests, ready, run=run))
    for source, text, _ in changed:
        sys.stdout.writelines(difference(source.path, source.text, text))
        (folder / source.path).write_text(text, encoding="utf-8")
    again = {source.path: parse_tests(replace(source, text=text))[0] for source, text, _ in changed}
    left = [each for file in tests for each in run_file(again.get(file.source.path, file), ready, run=run)]
    failed = [each for each in left if each.status == "failed"]
    count = sum(cases for _, _, cases in changed)
    print(told(say("{n} {n:test|tests} updated; read the difference before you keep it", n=f"{count:,}")))
    if failed:
        render_results(failed, sum(each.seconds for each in failed))
    return FAILED if failed else PASSED


def _tell_coverage(
    coverage: Coverage, files: WorkspaceFiles, least: float | None, html: Path | None, format: ReportFormat
) -> bool:
    """Whether there is enough of it. Beside JUnit on stdout, it is told on stderr."""
    out = sys.stdout if format is ReportFormat.text else sys.stderr
    out.write(coverage_text(coverage))
    if html is not None:
        html.write_text(coverage_html(coverage, {source.path: source.text for source in files.rules}), encoding="utf-8")
    if least is None or coverage.percent >= least:
        return True
    print(f"kogda test: {told(say('coverage is below {least} %', least=f'{least:g}'))}", file=sys.stderr)
    return False


def _load(folder: Path) -> tuple[WorkspaceFiles, list[TestFile], Workspace]:
    """Everything is parsed once."""
    if not (folder / "kogda.yaml").is_file():
        where = say("here") if folder == Path() else say("in {folder}", folder=folder)
        raise ConfigurationError(
            say("there is no kogda.yaml {where}; name the workspace with --workspace", where=where)
        )
    files = read_files(folder)
    rules, tests = [parse_file(source) for source in files.rules], [parse_tests(source) for source in files.tests]
    mistakes = [mistake for _, found in (*rules, *tests) for mistake in found]
    parsed = [file for file, _ in rules]
    checked = check_rules(folder, read_ground(files), parsed, mistakes)
    if checked.plan is None:
        raise _refusal(checked.diagnostics)
    titles = titles_of(checked.catalog, parsed)
    names = resolve([with_schema_names(file, titles) for file in parsed], checked.catalog, [])
    return files, [file for file, _ in tests], Workspace(plan=checked.plan, catalog=checked.catalog, names=names)


def _refusal(found: Sequence[Diagnostic]) -> typer.Exit:
    errors = [each for each in found if each.severity is Severity.ERROR]
    sys.stderr.write(render_text(errors, spoken()) + "\n")
    print(told(say("kogda test: nothing was run, because the workspace has mistakes")), file=sys.stderr)
    return typer.Exit(COULD_NOT_RUN)


def _asked_for(tests: Sequence[TestFile], folder: Path, paths: Sequence[Path]) -> list[TestFile]:
    root = folder.resolve()
    asked = []
    for path in paths:
        if not path.exists():
            raise ConfigurationError(say("{path} does not exist", path=path))
        if not path.resolve().is_relative_to(root):
            raise ConfigurationError(say("{path} is not in the workspace {folder}", path=path, folder=folder))
        asked.append(path.resolve().relative_to(root).as_posix())
    return [test for test in tests if not asked or _is_asked(test.source.path, asked)]


def _is_asked(path: str, asked: Sequence[str]) -> bool:
    return any(each in (".", path) or path.startswith(f"{each}/") for each in asked)


def _nothing_found(folder: Path, paths: Sequence[Path], run: str) -> str:
    where = ", ".join(map(str, paths)) if paths else "rules/" if folder == Path() else f"{folder / 'rules'}/"
    titled = say(' with "{run}" in the title', run=run) if run else ""
    return say("no tests found in {where}{titled}: write them in files *.test.rules", where=where, titled=titled)
