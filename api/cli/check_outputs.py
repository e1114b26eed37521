"""Where `kogda check` puts what it found: one format on stdout, any number in files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.check_formats import DOCUMENTS, FORMATS
from api.check_formats.report import Report
from api.language import told
from dsl.messages import say
from engine.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Output:
    format: str
    path: Path | None = None  # None: stdout


def output(argument: str) -> Output:
    """`text`, or `sarif=out.sarif`."""
    name, sign, path = argument.partition("=")
    if name not in FORMATS:
        choices = ", ".join(FORMATS)
        raise argparse.ArgumentTypeError(f"invalid choice: {name!r} (choose from {choices})")
    if sign and not path:
        raise argparse.ArgumentTypeError(f"{argument} names no file")
    return Output(name, Path(path) if path else None)


def shown_format(outputs: Sequence[Output]) -> str | None:
    """The one that goes to stdout."""
    return next((each.format for each in outputs if each.path is None), None)


def write_outputs(outputs: Sequence[Output], report: Report) -> None:
    """Raises ConfigurationError when a file cannot be written."""
    for each in outputs:
        rendered = FORMATS[each.format](report)
        if each.path is None:
            _show(rendered, each.format)
        else:
            _write(each.path, rendered)
        if each.format == "github":
            _summarise(report)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(say("{path} cannot be written: {reason}", path=path, reason=reason)) from None


def _summarise(report: Report) -> None:
    """GitHub shows this text beside the step; it is where everything stands that annotations had no room for."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path and report.found:
        from api.check_formats.github import render_summary

        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write(render_summary(report))
        except OSError as error:
            reason = error.strerror or str(error)
            print(told(say("{path} cannot be written: {reason}", path=path, reason=reason)), file=sys.stderr)


def _show(rendered: str, format: str) -> None:
    if format in DOCUMENTS or format == "github" or not sys.stdout.isatty():
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
