"""A workspace as `kogda check` judges it: mistakes, lints, and what somebody has allowed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dsl.allowances import allow
from dsl.around import Around
from dsl.diagnostics import Diagnostic
from dsl.lints import NEED_NUMBERS
from dsl.parser import parse_file, parse_tests
from dsl.source import Source
from dsl.syntax import GivenRules, RuleFile, TestFile
from engine.flow.load_workspace import CheckedWorkspace, check_rules, read_ground
from engine.workspace.files import RULE_SUFFIX, TEMPLATES, TEST_SUFFIX, WorkspaceFiles

#: Codes of what could not be read at all: then nobody knows what is used.
UNREAD = ("E1", "E502", "E515")


def check_files(
    folder: Path, files: WorkspaceFiles, around: Around, *, paths: Sequence[Path] | None = None
) -> CheckedWorkspace:
    """`paths`, files or folders inside the folder, limit what is reported, not what is read."""
    ground = read_ground(files)
    rules, tests, mistakes = _parse(files)
    unread = any(each.code.startswith(UNREAD) for each in (*ground.found, *mistakes))
    around = replace(around, tested=frozenset(_tested(tests)), complete=not unread)
    checked = check_rules(folder, ground, rules, mistakes, paths=paths, around=around)
    return replace(checked, diagnostics=tuple(_allowed(checked, files, around)))


def _parse(files: WorkspaceFiles) -> tuple[list[RuleFile], list[TestFile], list[Diagnostic]]:
    rules, tests, mistakes = [], [], []
    for source in files.rules:
        rule_file, found = parse_file(source)
        rules.append(rule_file)
        mistakes.extend(found)
    for source in files.tests:
        test_file, found = parse_tests(source)
        tests.append(test_file)
        mistakes.extend(found)
    return rules, tests, mistakes


def _tested(tests: Iterable[TestFile]) -> Iterator[str]:
    """The rule file of the same name, and those that a case names."""
    for file in tests:
        path = file.source.path
        yield path.removesuffix(TEST_SUFFIX) + RULE_SUFFIX
        for case in file.cases:
            for line in case.lines:
                if isinstance(line, GivenRules):
                    yield posixpath.normpath(posixpath.join(posixpath.dirname(path), line.path.text))
                    yield posixpath.normpath(posixpath.join("rules", line.path.text))


def _allowed(checked: CheckedWorkspace, files: WorkspaceFiles, around: Around) -> list[Diagnostic]:
    """Allowances of files that were not asked about are not judged: their findings are not here."""
    if around.today is None:
        return list(checked.diagnostics)
    templates = (Source(f"{TEMPLATES}/{name}", text) for name, text in files.templates.items())
    asked = [each for each in (*files.rules, *templates) if checked.is_about(each.path)]
    unasked = NEED_NUMBERS if around.observed is None else ()
    return allow(checked.diagnostics, asked, around.today, unasked=unasked)
