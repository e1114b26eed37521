"""A workspace as `kogda check` judges it: mistakes, lints, and what somebody has allowed.

Where nothing has changed since the last check, its answer is given again. What reads rules takes most of a second to
load, so it is only loaded where that is not so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsl.allowances import allow
from dsl.around import NEED_NUMBERS, Around, Observed
from dsl.diagnostics import Diagnostic
from dsl.source import Source
from engine.flow.checking.last_answer import base_of, key_of, recall_all, remember_all
from engine.workspace.files import TEMPLATES, WorkspaceFiles, asked_about


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    diagnostics: tuple[Diagnostic, ...]  # by file and place; of the paths that were asked about
    rules: int
    files: int
    read: int  # files that were not known from the last check


def check_files(
    folder: Path, files: WorkspaceFiles, around: Around, *, paths: Sequence[Path] | None = None, cached: bool = True
) -> Verdict:
    """`paths`, files or folders inside the folder, limit what is reported, not what is read."""
    sources = _sources(files)
    base = base_of(_base(files, around))
    key = key_of(base, sources.values())
    known = recall_all(folder, key, sources) if cached and not files.found else None
    read = 0
    if known is None:
        from engine.flow.checking.judge_files import judge_files

        found, rules, read = judge_files(folder, files, around=around, base=base if cached else None)
        known = found, rules
        if cached and not files.found:
            remember_all(folder, key, found, rules)
    return _verdict(folder, known, sources.values(), around=around, paths=paths, read=read)


def _sources(files: WorkspaceFiles) -> dict[str, Source]:
    named = [each for each in (files.settings, files.schema) if each]
    templates = [Source(f"{TEMPLATES}/{name}", text) for name, text in files.templates.items()]
    return {each.path: each for each in (*named, *files.rules, *files.tests, *templates)}


def _base(files: WorkspaceFiles, around: Around) -> Iterator[str]:
    """Everything beside the rules and tests. The names of the rule files are in it: `use` looks for them."""
    yield from (each.text if each else "" for each in (files.settings, files.schema))
    yield from (text for name, source in sorted(files.templates.items()) for text in (name, source))
    yield str(around.today)
    yield _written(around.observed) if around.observed else ""
    yield "\n".join(source.path for source in files.rules)


def _written(observed: Observed) -> str:
    from engine.flow.checking.observed import observed_as_json

    return json.dumps(observed_as_json(observed), sort_keys=True)


def _verdict(
    folder: Path,
    known: tuple[list[Diagnostic], dict[str, int]],
    sources: Iterable[Source],
    *,
    around: Around,
    paths: Sequence[Path] | None,
    read: int,
) -> Verdict:
    """Allowances of files that were not asked about are not judged: their findings are not here."""
    found, rules = known
    is_about = asked_about(folder, paths)
    shown = [each for each in found if is_about(each.source.path)]
    if around.today is not None:
        asked = [each for each in sources if is_about(each.path)]
        unasked = NEED_NUMBERS if around.observed is None else ()
        shown = allow(shown, asked, around.today, unasked=unasked)
    counts = [count for path, count in rules.items() if is_about(path)]
    return Verdict(diagnostics=tuple(shown), rules=sum(counts), files=len(counts), read=read)
