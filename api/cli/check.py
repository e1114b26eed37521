"""`kogda check`: everything that is wrong with a workspace, before a customer finds it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from api.check_formats import DOCUMENTS, FORMATS
from api.check_formats.report import Report
from api.cli.changed_lines import changed_lines, prefix_in_repository
from api.cli.check_outputs import Output, output, shown_format, write_outputs
from api.language import spoken, told
from dsl.around import Around, Observed
from dsl.diagnostics import Diagnostic, Severity
from dsl.messages import say, translated
from engine.clock import utc_now
from engine.errors import ConfigurationError
from engine.flow.checking.check_workspace import Verdict, check_files
from engine.workspace.files import WorkspaceFiles, read_files

SUMMARY = say("Check rules, tests, schema, settings and templates.")
_EPILOG = say("Exits 0 when clean (warnings are, without --strict), 1 with mistakes, 2 when it could not run.")
_WORKSPACE = say("folder with kogda.yaml, schema.yaml, rules/, templates/ (default: KOGDA_WORKSPACE, or this folder)")
_FORMAT = say("{formats}; more than once, the others into files: --format sarif=out.sarif", formats=", ".join(FORMATS))
_AGAINST = say("numbers for the lints: a server (with KOGDA_ADMIN_KEY), or an export of events, a JSON object a line")
CLEAN, MISTAKES, COULD_NOT_RUN = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Reads its own arguments: it runs at every save and commit, and the other commands take longer to start than this
    one takes to check a thousand rules."""
    options = _parser().parse_args(arguments)
    options.outputs = options.outputs or [Output("text")]
    obstacle = _obstacle(options.workspace, options.paths) or _obstacle_of_outputs(options.outputs)
    try:
        if obstacle:
            raise ConfigurationError(obstacle)
        code = run_check(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MISTAKES
    except ConfigurationError as error:
        print(f"kogda check: {told(error.args[0])}", file=sys.stderr)
        return COULD_NOT_RUN


#: What argparse says by itself, and asks its own `_` to translate.
_OF_ARGPARSE = (
    say("usage: "),
    say("positional arguments"),
    say("options"),
    say("show this help message and exit"),
    say("unrecognized arguments: %s"),
    say("argument %(argument_name)s: %(message)s"),
    say("expected one argument"),
    say("%(prog)s: error: %(message)s\n"),
)


def _parser() -> argparse.ArgumentParser:
    vars(argparse)["_"] = lambda text: translated(text, spoken())
    parser = argparse.ArgumentParser(prog="kogda check", description=told(SUMMARY), epilog=told(_EPILOG))
    add = parser.add_argument
    add("paths", nargs="*", type=Path, metavar="PATH", help=told(say("report on these files or folders only")))
    add("--workspace", type=Path, default=_workspace(), metavar="DIR", help=told(_WORKSPACE))
    add(
        "--format",
        dest="outputs",
        type=output,
        action="append",
        metavar="FORMAT[=FILE]",
        help=told(_FORMAT),
    )
    add("--strict", action="store_true", help=told(say("warnings fail too")))
    add("--fix", action="store_true", help=told(say("write safe fixes into the files, then check again")))
    add("--diff", action="store_true", help=told(say("show what --fix would write, and write nothing")))
    add("--against", metavar="URL|FILE", help=told(_AGAINST))
    return parser


def _workspace() -> Path:
    """As the other commands find it. Their way takes longer than a check, so it is not taken for nothing."""
    name = "KOGDA_WORKSPACE"
    if not os.environ.get(name) and Path(".env").is_file():
        from dotenv import dotenv_values

        return Path(dotenv_values(".env").get(name) or ".")
    return Path(os.environ.get(name) or ".")


def run_check(options: argparse.Namespace) -> int:
    files = read_files(options.workspace)
    around = Around(today=utc_now().date(), observed=_observed(options, files))

    def judge(candidate: WorkspaceFiles) -> Verdict:
        return check_files(options.workspace, candidate, around, paths=options.paths)

    if options.fix or options.diff:
        files = _mend(options, files, judge)
    verdict = judge(files)
    report = _report(verdict.diagnostics, options)
    if not options.diff:
        write_outputs(options.outputs, report)
    _show_summary(verdict, "json" if options.diff else shown_format(options.outputs))
    return MISTAKES if any(report.fails(each) for each in report.found) else CLEAN


def _observed(options: argparse.Namespace, files: WorkspaceFiles) -> Observed | None:
    if not options.against:
        return None
    from api.cli.against import observed_of
    from engine.flow.checking.load_workspace import read_ground

    return observed_of(options.against, read_ground(files).catalog)


def _mend(
    options: argparse.Namespace, files: WorkspaceFiles, judge: Callable[[WorkspaceFiles], Verdict]
) -> WorkspaceFiles:
    """The files as they are then: with --diff as they were."""
    from api.cli.check_fixes import show_fixes, told_fixes, write_fixes
    from engine.flow.checking.safe_fixes import mend

    mended = mend(files, lambda candidate: judge(candidate).diagnostics)
    if options.diff:
        show_fixes(mended)
        return files
    write_fixes(options.workspace, mended)
    print(told_fixes(mended), file=sys.stderr)
    return mended.files


def _report(found: Sequence[Diagnostic], options: argparse.Namespace) -> Report:
    formats = {each.format for each in options.outputs}
    in_repository = bool(formats & {"sarif", "github", "gitlab", "junit"})
    return Report(
        found=found,
        language=spoken(),
        prefix=prefix_in_repository(options.workspace) if in_repository else "",
        strict=options.strict,
        changed=changed_lines(options.workspace) if "github" in formats else {},
    )


def _obstacle_of_outputs(outputs: Sequence[Output]) -> str | None:
    if sum(each.path is None for each in outputs) > 1:
        return say("one format goes to stdout, the others need a file: --format sarif=out.sarif")
    return None


def _obstacle(workspace: Path, paths: Sequence[Path]) -> str | None:
    """Why nothing can be checked, and what to do."""
    try:
        if not (workspace / "kogda.yaml").is_file():
            where = say("here") if workspace == Path() else say("in {workspace}", workspace=workspace)
            return say(
                "there is no kogda.yaml {where}; name the workspace with --workspace, or make one with `kogda init`",
                where=where,
            )
        root = workspace.resolve()
        for path in paths:
            if not path.exists():
                return say("{path} does not exist", path=path)
            if not path.resolve().is_relative_to(root):
                return say("{path} is not in the workspace {workspace}", path=path, workspace=workspace)
            if path.suffix == ".rules" and path.resolve().relative_to(root).parts[0] != "rules":
                return say("{path} is not in the folder rules/, so no program reads it", path=path)
    except OSError as error:
        return say("{path} cannot be read: {reason}", path=error.filename, reason=error.strerror)
    return None


def _show_summary(verdict: Verdict, format: str | None) -> None:
    stream = sys.stderr if format in DOCUMENTS or format == "github" else sys.stdout
    errors = _count(verdict.diagnostics, Severity.ERROR)
    warnings = _count(verdict.diagnostics, Severity.WARNING)
    summary = say(
        "{rules} {rules:rule|rules} in {files} {files:file|files}: {found}",
        rules=f"{verdict.rules:,}",
        files=f"{verdict.files:,}",
        found=_found(errors, warnings),
    )
    gap = "\n" if verdict.diagnostics and format == "text" else ""
    print(f"{gap}{told(summary)}", file=stream)


def _found(errors: int, warnings: int) -> str:
    mistakes = say("{count} {count:mistake|mistakes}", count=f"{errors:,}")
    doubts = say("{count} {count:warning|warnings}", count=f"{warnings:,}")
    if errors and warnings:
        return say("{mistakes} and {warnings}", mistakes=mistakes, warnings=doubts)
    return mistakes if errors else doubts if warnings else say("no mistakes")


def _count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    return sum(each.severity is severity for each in diagnostics)
