"""The formats of `kogda check`: each a pure function from a report to a text.

Those for machines are imported when they are asked for: a check takes less time than their libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from api.check_formats.report import Report
from dsl.render import render_json, render_short, render_text

Format: TypeAlias = Callable[[Report], str]


def _text(report: Report) -> str:
    return render_text(report.found, report.language)


def _short(report: Report) -> str:
    return render_short(report.found, report.language)


def _json(report: Report) -> str:
    return render_json(report.found, report.language)


def _sarif(report: Report) -> str:
    from api.check_formats.sarif import render_sarif

    return render_sarif(report)


def _github(report: Report) -> str:
    from api.check_formats.github import render_github

    return render_github(report)


def _gitlab(report: Report) -> str:
    from api.check_formats.gitlab import render_gitlab

    return render_gitlab(report)


def _junit(report: Report) -> str:
    from api.check_formats.junit import render_junit

    return render_junit(report)


FORMATS: dict[str, Format] = {
    "text": _text,
    "short": _short,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
}

#: Nothing may stand before or after these on the same stream.
DOCUMENTS = frozenset({"json", "sarif", "gitlab", "junit"})
