"""SARIF 2.1.0, as GitHub's code scanning and most viewers read it."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from api.check_formats.report import Report
from dsl.codes import CODES, Code
from dsl.diagnostics import Diagnostic, Fix, Label, Severity
from dsl.messages import in_language, translated
from dsl.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render_sarif(report: Report) -> str:
    """All codes are declared, found or not: only so does an alert close when its cause is gone."""
    numbers = {code: index for index, code in enumerate(CODES)}
    run = {
        "tool": {
            "driver": {
                "name": "Kogda",
                "semanticVersion": version("kogda"),
                "rules": [_rule(code, report) for code in CODES.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"kogda/{report.prefix}"},
        "results": [_result(each, mark, report, numbers) for each, mark in report.fingerprints()],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _rule(code: Code, report: Report) -> dict[str, Any]:
    return {
        "id": code.number,
        "shortDescription": {"text": translated(code.title, report.language)},
        "help": {"text": f"{translated(code.title, report.language)}: kogda explain {code.number}"},
        "defaultConfiguration": {"level": "note" if code.number.startswith("W6") else LEVELS[code.severity]},
    }


def _result(diagnostic: Diagnostic, mark: str, report: Report, numbers: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": report.level(diagnostic),
        "message": {"text": "\n".join([report.message(diagnostic), *report.details(diagnostic)])},
        "locations": [{"physicalLocation": _location(diagnostic.source, diagnostic.span, report)}],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }
    if diagnostic.code in numbers:
        result["ruleIndex"] = numbers[diagnostic.code]
    others = [_related(label, diagnostic, report) for label in diagnostic.labels[1:]]
    if others:
        result["relatedLocations"] = others
    fixes = [_fix(fix, diagnostic, report) for fix in diagnostic.fixes if fix.edits]
    if fixes:
        result["fixes"] = fixes
    return result


def _artifact(source: Source, report: Report) -> dict[str, str]:
    return {"uri": quote(f"{report.prefix}{source.path}"), "uriBaseId": "%SRCROOT%"}


def _location(source: Source, span: Span, report: Report) -> dict[str, Any]:
    return {"artifactLocation": _artifact(source, report), "region": _region(source, span)}


def _related(label: Label, diagnostic: Diagnostic, report: Report) -> dict[str, Any]:
    source = label.source or diagnostic.source
    return {
        "physicalLocation": _location(source, label.span, report),
        "message": {"text": in_language(label.text, report.language) or "here"},
    }


def _region(source: Source, span: Span) -> dict[str, int]:
    start, end = source.place(span.start), source.place(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _fix(fix: Fix, diagnostic: Diagnostic, report: Report) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(diagnostic.source, edit.span), "insertedContent": {"text": edit.text}}
        for edit in fix.edits
    ]
    return {
        "description": {"text": in_language(fix.title, report.language) or "fix"},
        "artifactChanges": [{"artifactLocation": _artifact(diagnostic.source, report), "replacements": replacements}],
    }
