"""Findings as JSON and back, with their messages still translatable. Only for our own cache: nothing in it is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from dsl.messages import Message, Row
from dsl.source import Source, Span

#: Texts of the workspace by path. What is not among them has no text: a file that is missing, for example.
Sources = Mapping[str, Source]


def finding_as_json(finding: Diagnostic) -> list[Any]:
    return [
        finding.code,
        finding.severity.value,
        finding.source.path,
        bool(finding.source.text),
        _text(finding.message),
        [_label(label, finding) for label in finding.labels],
        [_text(note) for note in finding.notes],
        [_fix(fix) for fix in finding.fixes],
    ]


def finding_from_json(value: list[Any], sources: Sources) -> Diagnostic:
    """Raises KeyError, TypeError or ValueError for anything that `finding_as_json` has not made."""
    code, severity, path, has_text, message, labels, notes, fixes = value
    return Diagnostic(
        code=code,
        severity=Severity(severity),
        source=sources[path] if has_text else Source(path, ""),
        message=_said(message),
        labels=tuple(_read_label(label, sources) for label in labels),
        notes=tuple(_said(note) for note in notes),
        fixes=tuple(_read_fix(fix) for fix in fixes),
    )


def _label(label: Label, finding: Diagnostic) -> list[Any]:
    elsewhere = label.source.path if label.source and label.source is not finding.source else None
    return [label.span.start, label.span.end, _text(label.text), elsewhere]


def _read_label(value: list[Any], sources: Sources) -> Label:
    start, end, text, elsewhere = value
    return Label(Span(start, end), _said(text), sources[elsewhere] if elsewhere else None)


def _fix(fix: Fix) -> list[Any]:
    edits = [[edit.span.start, edit.span.end, edit.text] for edit in fix.edits]
    return [_text(fix.title), edits, fix.safety]


def _read_fix(value: list[Any]) -> Fix:
    title, edits, safety = value
    if safety not in ("safe", "unsafe"):
        raise ValueError(safety)
    return Fix(_said(title), tuple(Edit(Span(start, end), text) for start, end, text in edits), safety)


def _text(text: object) -> Any:
    """A message with its template and values, so that it can be said in the reader's language later."""
    if not isinstance(text, Message):
        return text if isinstance(text, int) and not isinstance(text, bool) else str(text)
    values = {name: _text(value) for name, value in text.values.items()}
    return {"row" if isinstance(text, Row) else "say": text.template, "values": values}


def _said(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    values = {name: _said(each) for name, each in value["values"].items()}
    return Row(value["row"], values) if "row" in value else Message(value["say"], values)
