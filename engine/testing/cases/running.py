"""Runs the cases of test files over the rules of a workspace, in virtual time."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from time import perf_counter

from dsl import syntax
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.titles import case_with_schema_names
from engine.core.effects import Note
from engine.testing.cases.judging import Judgement
from engine.testing.cases.outcome import CaseResult, Failure
from engine.testing.cases.playing import Play
from engine.testing.cases.story import rows_of
from engine.testing.reading.case import read_case
from engine.testing.reading.casting import arms_of
from engine.testing.reading.examples import expanded
from engine.testing.reading.ground import Ground, Workspace
from engine.testing.reading.script import Script
from engine.testing.reading.settings import settings_of
from engine.testing.virtual.world import RuleFailed, StillWaiting

_TEST_SUFFIX, _SUFFIX = ".test.rules", ".rules"


def run_file(file: syntax.TestFile, workspace: Workspace, *, run: str = "") -> Iterator[CaseResult]:
    """The cases whose title contains `run`; one with examples counts once for each row."""
    for case in file.cases:
        if run.casefold() in case.title.text.casefold():
            yield from run_case(case, file, workspace)


def run_case(case: syntax.TestCase, file: syntax.TestFile, workspace: Workspace) -> Iterator[CaseResult]:
    line = file.source.place(case.span.start).line
    if case.todo:
        yield CaseResult(source=file.source, title=case.title.text, example="", line=line, status="todo")
        return
    problems = Problems(file.source)
    case = case_with_schema_names(case, file.source, workspace.titles)
    rows = list(expanded(case, problems))
    for example, filled in rows:
        started = perf_counter()
        mine = Problems(file.source, list(problems.found))
        judgement = _run(filled, workspace, mine)
        failures = judgement.failures if judgement and not mine.found else []
        yield CaseResult(
            source=file.source,
            title=case.title.text,
            example=example,
            line=line,
            status="failed" if mine.found or failures else "passed",
            failures=tuple(failures),
            diagnostics=tuple(mine.found),
            rows=rows_of(judgement) if judgement and failures else (),
            seconds=perf_counter() - started,
        )


def judged(case: syntax.TestCase, file: syntax.TestFile, workspace: Workspace) -> Judgement | None:
    """What happened in a case, held against what it expects; None: it has mistakes, or examples."""
    problems = Problems(file.source)
    if case.examples is not None or case.todo:
        return None
    judgement = _run(case_with_schema_names(case, file.source, workspace.titles), workspace, problems)
    return None if problems.found else judgement


def _run(case: syntax.TestCase, workspace: Workspace, problems: Problems) -> Judgement | None:
    ground = _ground(case, workspace, problems)
    if ground is None or problems.found:
        return None
    script = read_case(case, ground, problems)
    return None if problems.found else _play(case, script, ground, problems)


def _play(case: syntax.TestCase, script: Script, ground: Ground, problems: Problems) -> Judgement:
    play = Play(script, ground)
    judgement = Judgement(play, problems.source)
    if ground.coverage is not None:
        ground.coverage.watch(play.world, ground.program)
    try:
        play.run()
    except StillWaiting as waiting:
        problems.error("E402", say("this test never ends"), Label(case.title.span, waiting.args[0]))
    except RuleFailed as failed:
        judgement.failures.append(Failure(message=str(failed)))
        return judgement
    if ground.coverage is not None:
        ground.coverage.add(play.world, ground.program)
    _refuse_open_splits(case, play, problems)
    judgement.judge()
    return judgement


def _refuse_open_splits(case: syntax.TestCase, play: Play, problems: Problems) -> None:
    """Which arm a customer takes depends on its name: a test that says nothing of it would pass by luck."""
    notes = [entry for entry in play.world.timeline if isinstance(entry.about, Note) and entry.what == "split"]
    for name in dict.fromkeys(entry.detail.rpartition(": ")[0] for entry in notes):
        if name not in play.script.arms:
            label = Label(case.title.span, say("this test comes to it, and does not say which arm is taken"))
            lines = [f'split "{name}" takes "{arm}"' for arm in arms_of(play.ground.plan)[name]]
            problems.error(
                "E403",
                say('the split "{name}" needs an arm', name=name),
                label,
                notes=[say("write one of: {all}", all=", ".join(lines))],
            )


def _ground(case: syntax.TestCase, workspace: Workspace, problems: Problems) -> Ground | None:
    """The files that `rules` lines name, else the one of the test file's own name; with what they use and what the
    test sets."""
    settings = settings_of(case, workspace.settings, workspace.catalog, problems)
    named = [line for line in case.lines if isinstance(line, syntax.GivenRules)]
    path = problems.source.path
    if not named:
        own = path.removesuffix(_TEST_SUFFIX) + _SUFFIX
        if own in workspace.names:
            return workspace.ground((own,), settings)
        label = Label(case.title.span, say("looked for {own}", own=own))
        problems.error(
            "E208", say("no rules for this test"), label, notes=[say('name them in the test: rules "cart.rules"')]
        )
        return None
    files = [_find(line.path, path, workspace, problems) for line in named]
    return workspace.ground(tuple(dict.fromkeys(each for each in files if each)), settings) if all(files) else None


def _find(written: syntax.Text, path: str, workspace: Workspace, problems: Problems) -> str | None:
    """Beside the test first, then from the folder `rules/`, as `use` does."""
    folder = posixpath.dirname(path)
    for start in (folder, "rules"):
        found = posixpath.normpath(posixpath.join(start, written.text))
        if found in workspace.names:
            return found
    known = [posixpath.relpath(each, folder or ".") for each in workspace.names]
    message = say('there is no rule file "{written}"', written=written.text)
    report_unknown("E208", message, written.span, problems=problems, candidates=known, quoted=True)
    return None
