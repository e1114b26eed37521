"""The files of a workspace, judged.

Files that have not changed since the last check are not read again, where that cannot make a difference; where rules
of several files depend on each other in a way that it could, everything is.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsl.allowances import allow
from dsl.around import NEED_NUMBERS, Around
from dsl.catalog import Catalog
from dsl.compiler import examine
from dsl.diagnostics import Diagnostic, Severity
from dsl.lints import lint_workspace, whole
from dsl.lints.outline import FileOutline
from dsl.parser import parse_file, parse_tests
from dsl.problems import in_order
from dsl.source import Source
from dsl.syntax import GivenRules, RuleFile, TestFile, Use
from engine.flow.checking.check_cache import Known, Remembered, recall, remember
from engine.flow.checking.load_workspace import Ground, read_ground, without_follow_on
from engine.workspace.files import RULE_SUFFIX, TEST_SUFFIX, WorkspaceFiles
from engine.workspace.settings import WorkspaceSettings

#: Codes of what could not be read at all: then nobody knows what is used.
UNREAD = ("E1", "E502", "E515")

#: Mistakes between files, which are only found, or only told rightly, with all files at hand.
BETWEEN_FILES = frozenset({"E208", "E209", "E210", "E211", "E313"})


@dataclass(frozen=True, slots=True)
class _Judged:
    found: list[Diagnostic]
    known: dict[str, Known]
    sees: dict[str, frozenset[str]]


def judge_files(
    folder: Path, files: WorkspaceFiles, *, around: Around, base: str | None
) -> tuple[list[Diagnostic], dict[str, int], int]:
    """Everything found, the rules of each file, and how many files had to be read. `base` None: without a cache."""
    return _examine(folder, files, read_ground(files), around=around, base=base)


def check_texts(rules: Sequence[Source], tests: Sequence[Source], catalog: Catalog, around: Around) -> list[Diagnostic]:
    """What `kogda check` says of these texts, on a catalog that was read from anywhere."""
    files = WorkspaceFiles(rules=list(rules), tests=list(tests))
    ground = Ground(settings=WorkspaceSettings(), catalog=catalog, templates={}, found=())
    found, _, _ = _examine(Path(), files, ground, around=around, base=None)
    if around.today is None:
        return found
    return list(allow(found, [*rules, *tests], around.today, unasked=NEED_NUMBERS))


def _examine(
    folder: Path, files: WorkspaceFiles, ground: Ground, *, around: Around, base: str | None
) -> tuple[list[Diagnostic], dict[str, int], int]:
    known = recall(folder, base, files.rules, files.tests) if base else Remembered()
    tested, mistakes, changed_tests = _read_tests(files, known)
    unread = any(each.code.startswith(UNREAD) for each in (*ground.found, *mistakes))
    around = replace(around, tested=frozenset(path for each in tested.values() for path in each))
    around = replace(around, complete=around.complete and not unread)
    judged = _judge_changed(files, ground, around, known) if known.files else None
    judged = judged or _judge(files.rules, ground, around)
    found = [*ground.found, *mistakes]
    found += without_follow_on(judged.found, [*found, *judged.found])
    fresh = [path for path, each in judged.known.items() if known.files.get(path) is not each]
    if base and (fresh or changed_tests):
        good = {path: each for path, each in judged.known.items() if not _has_errors(each.found)}
        faulty = {each.source.path for each in mistakes}
        played = {path: each for path, each in tested.items() if path not in faulty}
        remember(folder, base, good, judged.sees, rules=files.rules, tests=played, test_sources=files.tests)
    found += _between_files(judged, files, ground, around, broken=unread or _is_broken(judged.found))
    rules = {path: len(each.outline.rules) for path, each in judged.known.items()}
    return in_order(found), rules, len(fresh)


def _read_tests(files: WorkspaceFiles, known: Remembered) -> tuple[dict[str, tuple[str, ...]], list[Diagnostic], bool]:
    """The rule files that each test file plays, what is wrong with them, and whether any was new."""
    tested: dict[str, tuple[str, ...]] = {}
    mistakes: list[Diagnostic] = []
    for source in files.tests:
        if source.path in known.tests:
            tested[source.path] = known.tests[source.path]
            continue
        parsed, found = parse_tests(source)
        tested[source.path] = tuple(dict.fromkeys(_tested(parsed)))
        mistakes.extend(found)
    return tested, mistakes, len(known.tests) != len(files.tests)


def _tested(file: TestFile) -> Iterator[str]:
    """The rule file of the same name, and those that a case names."""
    path = file.source.path
    yield path.removesuffix(TEST_SUFFIX) + RULE_SUFFIX
    for case in file.cases:
        for line in case.lines:
            if isinstance(line, GivenRules):
                yield posixpath.normpath(posixpath.join(posixpath.dirname(path), line.path.text))
                yield posixpath.normpath(posixpath.join("rules", line.path.text))


def _judge(sources: Sequence[Source], ground: Ground, around: Around) -> _Judged:
    """All of these files, as if there were no others."""
    parsed, mistakes = _parse(sources)
    found, outlines = examine(parsed, ground.catalog, around)
    by_path: dict[str, list[Diagnostic]] = {}
    for each in found:
        by_path.setdefault(each.source.path, []).append(each)
    known = {each.path: Known(tuple(by_path.get(each.path, ())), each) for each in outlines}
    return _Judged([*mistakes, *found], known, _sees(outlines))


def _parse(sources: Sequence[Source]) -> tuple[list[RuleFile], list[Diagnostic]]:
    parsed, mistakes = [], []
    for source in sources:
        file, found = parse_file(source)
        parsed.append(file)
        mistakes.extend(found)
    return parsed, mistakes


def _judge_changed(files: WorkspaceFiles, ground: Ground, around: Around, known: Remembered) -> _Judged | None:
    """The new files with those that they see, and what is known of the rest. None: that may not be the same as all."""
    changed = [source for source in files.rules if source.path not in known.files]
    if len(changed) * 2 > len(files.rules):
        return None
    part = _judge(_with_seen(changed, files.rules, known), ground, around) if changed else _Judged([], {}, {})
    if any(each.code in BETWEEN_FILES for each in part.found):
        return None
    paths = {source.path for source in changed}
    merged = {
        source.path: part.known[source.path] if source.path in paths else known.files[source.path]
        for source in files.rules
        if source.path in part.known or source.path in known.files
    }
    outlines = [each.outline for each in merged.values()]
    used = {word.text for outline in outlines for word in outline.uses}
    if (
        len(merged) < len(files.rules)
        or _depend_on_each_other(outlines)
        or any(merged[p].found for p in used & merged.keys())
    ):
        return None
    found = [*(each for each in part.found if each.source.path in paths)]
    found += [each for path, one in merged.items() if path not in paths for each in one.found]
    return _Judged(found, merged, _sees(outlines))


def _with_seen(changed: Sequence[Source], rules: Sequence[Source], known: Remembered) -> list[Source]:
    """With the files that these use, and what those use; segments are seen by all."""
    by_path = {source.path: source for source in rules}
    wanted = {source.path for source in changed}
    wanted |= {path for path, each in known.files.items() if each.outline.segments}
    waiting = list(wanted)
    while waiting:
        for other in _uses(waiting.pop(), by_path, known):
            if other in by_path and other not in wanted:
                wanted.add(other)
                waiting.append(other)
    return [source for source in rules if source.path in wanted]


def _uses(path: str, by_path: Mapping[str, Source], known: Remembered) -> Iterator[str]:
    if path in known.files:
        yield from (word.text for word in known.files[path].outline.uses)
        return
    for item in parse_file(by_path[path])[0].items:
        if isinstance(item, Use):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), item.path.text))
            yield posixpath.normpath(posixpath.join("rules", item.path.text))


def _sees(outlines: Iterable[FileOutline]) -> dict[str, frozenset[str]]:
    """By path, the files whose definitions it can mention, by way of others too."""
    by_path = {each.path: each for each in outlines}
    segments = frozenset(path for path, each in by_path.items() if each.segments)
    sees: dict[str, frozenset[str]] = {}
    for path in by_path:
        seen: set[str] = set()
        waiting = [path, *segments]
        while waiting:
            here = waiting.pop()
            if here in by_path and here not in seen:
                seen.add(here)
                waiting.extend(word.text for word in by_path[here].uses)
        sees[path] = frozenset(seen - {path})
    return sees


def _depend_on_each_other(outlines: Sequence[FileOutline]) -> bool:
    """Names said twice, or rules that may start each other by `emit`: the checks of those want to see all rules."""
    names = Counter(rule.name for each in outlines for rule in each.rules)
    segments = Counter(name for each in outlines for name, _ in each.segments)
    if any(count > 1 for count in (*names.values(), *segments.values())):
        return True
    rules = [rule for each in outlines for rule in each.rules if not rule.once]
    starting: dict[str, set[str]] = {}
    for rule in rules:
        starts = [each for each in rule.starts_on if each.startswith("event ")]
        for start in starts:
            starting.setdefault(start, set()).update(each for each in rule.changes if each.startswith("event "))
    return any(_reaches(start, start, starting) for start in starting)


def _reaches(start: str, goal: str, following: Mapping[str, set[str]]) -> bool:
    waiting, passed = list(following.get(start, ())), set[str]()
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in passed:
            passed.add(here)
            waiting.extend(following.get(here, ()))
    return False


def _between_files(
    judged: _Judged, files: WorkspaceFiles, ground: Ground, around: Around, *, broken: bool
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    sources = {source.path: source for source in files.rules}
    outlines = tuple(each.outline for each in judged.known.values())
    around = replace(around, complete=around.complete and not broken)
    lint_workspace(whole(outlines, sources, ground.catalog, around, found))
    return found


def _has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in found)


def _is_broken(found: Iterable[Diagnostic]) -> bool:
    return any(each.code.startswith(UNREAD) for each in found)
