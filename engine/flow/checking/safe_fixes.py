"""Safe fixes over a whole workspace, again and again until nothing is left to mend. Nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from dsl.diagnostics import Diagnostic, Fix, Severity
from dsl.fixes import safe_fixes, with_fixes
from dsl.source import Source
from engine.workspace.files import WorkspaceFiles

MOST_ROUNDS = 20

#: What is wrong with these files, in the paths that were asked about.
Judge = Callable[[WorkspaceFiles], Sequence[Diagnostic]]


@dataclass(slots=True)
class Mended:
    """`before` and `after`: the files that changed, by path. `left`: files whose fixes would have made things worse."""

    files: WorkspaceFiles
    before: dict[str, Source] = field(default_factory=dict)
    after: dict[str, Source] = field(default_factory=dict)
    fixes: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)


def mend(files: WorkspaceFiles, judge: Judge) -> Mended:
    mended = Mended(files)
    found = judge(files)
    for _ in range(MOST_ROUNDS):
        changes = {path: fixes for path, fixes in _by_file(found).items() if path not in mended.left}
        if not changes:
            break
        candidate = _changed(mended.files, changes)
        found = _accept(mended, candidate, changes, judge=judge, before=found)
    return mended


def _by_file(found: Sequence[Diagnostic]) -> dict[str, list[Fix]]:
    by_path: dict[str, list[Diagnostic]] = {}
    for each in found:
        by_path.setdefault(each.source.path, []).append(each)
    changes = {path: safe_fixes(group) for path, group in by_path.items()}
    return {path: fixes for path, fixes in changes.items() if fixes}


def _accept(
    mended: Mended,
    candidate: WorkspaceFiles,
    changes: dict[str, list[Fix]],
    *,
    judge: Judge,
    before: Sequence[Diagnostic],
) -> Sequence[Diagnostic]:
    """A file that has more mistakes than before keeps its text, and is not tried again."""
    after = judge(candidate)
    worse = [path for path in changes if _mistakes(after, path) > _mistakes(before, path)]
    if worse:
        mended.left.extend(worse)
        return before
    for path, fixes in changes.items():
        old, new = _source(mended.files, path), _source(candidate, path)
        if old and new:
            mended.before.setdefault(path, old)
            mended.after[path] = new
            mended.fixes[path] += len(fixes)
    mended.files = candidate
    return after


def _mistakes(found: Sequence[Diagnostic], path: str) -> int:
    return sum(each.source.path == path and each.severity is Severity.ERROR for each in found)


def _source(files: WorkspaceFiles, path: str) -> Source | None:
    every = [*files.rules, *files.tests, *(each for each in (files.settings, files.schema) if each)]
    return next((each for each in every if each.path == path), None)


def _changed(files: WorkspaceFiles, changes: dict[str, list[Fix]]) -> WorkspaceFiles:
    def mended(source: Source) -> Source:
        fixes = changes.get(source.path)
        return Source(source.path, with_fixes(source.text, fixes)) if fixes else source

    return replace(
        files,
        settings=mended(files.settings) if files.settings else None,
        schema=mended(files.schema) if files.schema else None,
        rules=[mended(each) for each in files.rules],
        tests=[mended(each) for each in files.tests],
    )
