"""Safe fixes put into a text: those that nobody has to choose between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsl.diagnostics import Diagnostic, Edit, Fix


def safe_fixes(found: Iterable[Diagnostic]) -> list[Fix]:
    """One for each finding that has exactly one, in the order of the text. Of two that touch the same place, neither:
    what one of them meant is no longer there after the other."""
    fixes = [safe[0] for each in found if len(safe := [fix for fix in each.fixes if _is_safe(fix)]) == 1]
    unique = list(dict.fromkeys(fixes))
    return [fix for fix in unique if not any(_touch(fix, other) for other in unique if other.edits != fix.edits)]


def with_fixes(text: str, fixes: Sequence[Fix]) -> str:
    return with_edits(text, dict.fromkeys(edit for fix in fixes for edit in fix.edits))


def with_edits(text: str, edits: Iterable[Edit]) -> str:
    """They do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _is_safe(fix: Fix) -> bool:
    return fix.safety == "safe" and bool(fix.edits)


def _touch(first: Fix, second: Fix) -> bool:
    return any(_overlap(one, other) for one in first.edits for other in second.edits)


def _overlap(one: Edit, other: Edit) -> bool:
    """Two insertions at one point overlap too: which comes first?"""
    if one.span.start == other.span.start:
        return True
    return one.span.start < other.span.end and other.span.start < one.span.end
