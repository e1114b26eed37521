"""`kogda check`: everything that is wrong with a workspace, before a customer finds it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dsl.diagnostics import Diagnostic, Severity
from dsl.render import render_json, render_short, render_text
from engine.flow.load_workspace import CheckedWorkspace, load_workspace

CLEAN, MISTAKES, COULD_NOT_RUN = 0, 1, 2


class Format(StrEnum):
    text = "text"
    short = "short"
    json = "json"


RENDERERS = {Format.text: render_text, Format.short: render_short, Format.json: render_json}


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATHS]", help="Report on these files or folders only.")
    ] = None,
    workspace: Annotated[
        Path, typer.Option(envvar="KOGDA_WORKSPACE", help="Folder with kogda.yaml, schema.yaml, rules/, templates/.")
    ] = Path(),
    format: Annotated[Format, typer.Option(help="text for people, short for one line each, json for programs.")] = (
        Format.text
    ),
) -> None:
    """Check rules, tests, schema, settings, templates. Exits 0 when clean, 1 with mistakes, 2 when it could not run."""
    raise typer.Exit(run_check(workspace, paths or [], format))


def run_check(workspace: Path, paths: Sequence[Path], format: Format) -> int:
    obstacle = _obstacle(workspace, paths)
    if obstacle:
        print(f"kogda check: {obstacle}", file=sys.stderr)
        return COULD_NOT_RUN
    checked = load_workspace(workspace, paths)
    _show(RENDERERS[format](checked.diagnostics), format)
    _show_summary(checked, format)
    return MISTAKES if _count(checked.diagnostics, Severity.ERROR) else CLEAN


def _obstacle(workspace: Path, paths: Sequence[Path]) -> str | None:
    """Why nothing can be checked, and what to do."""
    try:
        if not (workspace / "kogda.yaml").is_file():
            where = "here" if workspace == Path() else f"in {workspace}"
            return f"there is no kogda.yaml {where}; name the workspace with --workspace, or make one with `kogda init`"
        root = workspace.resolve()
        for path in paths:
            if not path.exists():
                return f"{path} does not exist"
            if not path.resolve().is_relative_to(root):
                return f"{path} is not in the workspace {workspace}"
            if path.suffix == ".rules" and path.resolve().relative_to(root).parts[0] != "rules":
                return f"{path} is not in the folder rules/, so no program reads it"
    except OSError as error:
        return f"{error.filename} cannot be read: {error.strerror}"
    return None


def _show(rendered: str, format: Format) -> None:
    if format is Format.json or not sys.stdout.isatty():
        sys.stdout.write(rendered)
        return
    from rich.console import Console
    from rich.text import Text

    text = Text(rendered, end="")
    text.highlight_regex(r"(?m)error\[\w+\]", "bold red")
    text.highlight_regex(r"(?m)warning\[\w+\]", "bold yellow")
    text.highlight_regex(r"(?m)^ *\d* [|=]", "blue")
    text.highlight_regex(r"(?m)\^+.*$", "red")
    Console(highlight=False, soft_wrap=True).print(text)


def _show_summary(checked: CheckedWorkspace, format: Format) -> None:
    stream = sys.stderr if format is Format.json else sys.stdout
    errors = _count(checked.diagnostics, Severity.ERROR)
    warnings = _count(checked.diagnostics, Severity.WARNING)
    what = f"{_counted(checked.rules, 'rule')} in {_counted(checked.files, 'file')}"
    found = [_counted(errors, "mistake")] * bool(errors) + [_counted(warnings, "warning")] * bool(warnings)
    gap = "\n" if checked.diagnostics and format is Format.text else ""
    print(f"{gap}{what}: {' and '.join(found) or 'no mistakes'}", file=stream)


def _count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    return sum(each.severity is severity for each in diagnostics)


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
