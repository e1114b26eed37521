"""`kogda check`: everything that is wrong with a workspace, before a customer finds it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from api.language import spoken, told
from dsl.diagnostics import Diagnostic, Severity
from dsl.messages import Language, say
from dsl.render import render_json, render_short, render_text
from engine.flow.load_workspace import CheckedWorkspace, load_workspace

SUMMARY = "Check rules, tests, schema, settings and templates."
CLEAN, MISTAKES, COULD_NOT_RUN = 0, 1, 2

RENDERERS: dict[str, Callable[[Sequence[Diagnostic], Language], str]] = {
    "text": render_text,
    "short": render_short,
    "json": render_json,
}


def main(arguments: Sequence[str]) -> int:
    """Reads its own arguments: it runs at every save and commit, and the other commands take longer to start than this
    one takes to check a thousand rules."""
    options = _parser().parse_args(arguments)
    return run_check(options.workspace, options.paths, options.format)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kogda check",
        description=SUMMARY,
        epilog="Exits 0 when clean (warnings are), 1 with mistakes, 2 when it could not run.",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="report on these files or folders only")
    parser.add_argument(
        "--workspace",
        type=Path,
        default=_workspace(),
        metavar="DIR",
        help="folder with kogda.yaml, schema.yaml, rules/, templates/ (default: KOGDA_WORKSPACE, or this folder)",
    )
    parser.add_argument(
        "--format", choices=RENDERERS, default="text", help="text for people, short: a line each, json for programs"
    )
    return parser


def _workspace() -> Path:
    """As the other commands find it. Their way takes longer than a check, so it is not taken for nothing."""
    name = "KOGDA_WORKSPACE"
    if not os.environ.get(name) and Path(".env").is_file():
        from dotenv import dotenv_values

        return Path(dotenv_values(".env").get(name) or ".")
    return Path(os.environ.get(name) or ".")


def run_check(workspace: Path, paths: Sequence[Path], format: str) -> int:
    obstacle = _obstacle(workspace, paths)
    if obstacle:
        print(f"kogda check: {told(obstacle)}", file=sys.stderr)
        return COULD_NOT_RUN
    checked = load_workspace(workspace, paths)
    _show(RENDERERS[format](checked.diagnostics, spoken()), format)
    _show_summary(checked, format)
    return MISTAKES if _count(checked.diagnostics, Severity.ERROR) else CLEAN


def _obstacle(workspace: Path, paths: Sequence[Path]) -> str | None:
    """Why nothing can be checked, and what to do."""
    try:
        if not (workspace / "kogda.yaml").is_file():
            where = say("here") if workspace == Path() else say("in {workspace}", workspace=workspace)
            return say(
                "there is no kogda.yaml {where}; name the workspace with --workspace, or make one with `kogda init`",
                where=where,
            )
        root = workspace.resolve()
        for path in paths:
            if not path.exists():
                return say("{path} does not exist", path=path)
            if not path.resolve().is_relative_to(root):
                return say("{path} is not in the workspace {workspace}", path=path, workspace=workspace)
            if path.suffix == ".rules" and path.resolve().relative_to(root).parts[0] != "rules":
                return say("{path} is not in the folder rules/, so no program reads it", path=path)
    except OSError as error:
        return say("{path} cannot be read: {reason}", path=error.filename, reason=error.strerror)
    return None


def _show(rendered: str, format: str) -> None:
    if format == "json" or not sys.stdout.isatty():
        sys.stdout.write(rendered)
        return
    from rich.console import Console
    from rich.text import Text

    text = Text(rendered, end="")
    text.highlight_regex(r"(?m)(error|ошибка)\[\w+\]", "bold red")
    text.highlight_regex(r"(?m)(warning|предупреждение)\[\w+\]", "bold yellow")
    text.highlight_regex(r"(?m)^ *\d* [|=]", "blue")
    text.highlight_regex(r"(?m)\^+.*$", "red")
    Console(highlight=False, soft_wrap=True).print(text, end="")


def _show_summary(checked: CheckedWorkspace, format: str) -> None:
    stream = sys.stderr if format == "json" else sys.stdout
    errors = _count(checked.diagnostics, Severity.ERROR)
    warnings = _count(checked.diagnostics, Severity.WARNING)
    summary = say(
        "{rules} {rules:rule|rules} in {files} {files:file|files}: {found}",
        rules=f"{checked.rules:,}",
        files=f"{checked.files:,}",
        found=_found(errors, warnings),
    )
    gap = "\n" if checked.diagnostics and format == "text" else ""
    print(f"{gap}{told(summary)}", file=stream)


def _found(errors: int, warnings: int) -> str:
    mistakes = say("{count} {count:mistake|mistakes}", count=f"{errors:,}")
    doubts = say("{count} {count:warning|warnings}", count=f"{warnings:,}")
    if errors and warnings:
        return say("{mistakes} and {warnings}", mistakes=mistakes, warnings=doubts)
    return mistakes if errors else doubts if warnings else say("no mistakes")


def _count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    return sum(each.severity is severity for each in diagnostics)
