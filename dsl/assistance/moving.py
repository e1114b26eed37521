"""Trees and findings that stand elsewhere now, because something above them was written or deleted."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from dsl.diagnostics import Diagnostic, Edit, Fix, Label
from dsl.source import Source, Span
from dsl.syntax import Node

T = TypeVar("T")

_names: dict[type, tuple[str, ...]] = {}


def moved(tree: T, by: int) -> T:
    """The same node, or tuple of nodes, `by` code points further down."""
    moved_tree: T = _moved(tree, by)
    return moved_tree


def _moved(tree: Any, by: int) -> Any:
    if isinstance(tree, tuple):
        return tuple([_moved(each, by) for each in tree])
    if isinstance(tree, Span):
        return Span(tree.start + by, tree.end + by)
    if not isinstance(tree, Node):
        return tree
    cls = type(tree)
    names = _names.get(cls)
    if names is None:
        names = _names[cls] = tuple(field.name for field in fields(cls))
    return cls(**{name: _moved(getattr(tree, name), by) for name in names})


def moved_finding(finding: Diagnostic, by: int, source: Source) -> Diagnostic:
    """`source` is the file as it is now; what a label says about another file stays."""
    return replace(
        finding,
        source=source,
        labels=tuple(_moved_label(label, by, source) for label in finding.labels),
        fixes=tuple(_moved_fix(fix, by) for fix in finding.fixes),
    )


def _moved_label(label: Label, by: int, source: Source) -> Label:
    if label.source is not None and label.source.path != source.path:
        return label
    own = None if label.source is None else source
    return Label(_moved(label.span, by), label.text, own)


def _moved_fix(fix: Fix, by: int) -> Fix:
    return replace(fix, edits=tuple(Edit(_moved(edit.span, by), edit.text) for edit in fix.edits))
