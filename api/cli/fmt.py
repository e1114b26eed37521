"""`kogda fmt`: one style for all rules and tests."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from api.cli.rule_files import SUFFIX, decode, read_text, replace_text, rule_files
from api.language import spoken, told
from dsl.formatter import FileKind, FormatterMistake, Language, format_source, kind_of, kind_of_text
from dsl.messages import say
from dsl.render import render_text
from dsl.source import Source
from engine.errors import ConfigurationError

CLEAN, FOUND, COULD_NOT_RUN = 0, 1, 2

STDIN, RULES = Path("-"), Path("rules")

Outcome: TypeAlias = Literal["clean", "changed", "mistakes", "failed"]


class KeywordLanguage(StrEnum):
    en = "en"
    ru = "ru"


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATHS]",
            help="Files or folders; none: the workspace of this folder, or all below it. - reads stdin, writes stdout.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is not in style.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    language: Annotated[
        KeywordLanguage | None, typer.Option(help="Translate the keywords; names and texts stay.")
    ] = None,
) -> None:
    """Write rules and tests in one style. Exits 1 for mistakes, with --check also for files not in style."""
    formatter = Formatter(write=not (check or diff), diff=diff, language=language)
    if paths == [STDIN]:
        raise typer.Exit(formatter.run_stdin(check=check))
    raise typer.Exit(formatter.run(paths or [_default()], check=check))


def _default() -> Path:
    """The rules that `kogda check` reads. Other folders of a repository may hold rules that are meant to look odd."""
    return RULES if Path("kogda.yaml").is_file() and RULES.is_dir() else Path()


@dataclass(slots=True)
class Formatter:
    """One call of the command: how it was asked for, and what became of the files."""

    write: bool
    diff: bool
    language: KeywordLanguage | None
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def run(self, paths: Sequence[Path], *, check: bool) -> int:
        if STDIN in paths:
            raise ConfigurationError(say("- stands alone: it reads one text from stdin"))
        files = rule_files(paths)
        if not files:
            where = say("here") if list(paths) == [Path()] else say("in {places}", places=", ".join(map(str, paths)))
            raise ConfigurationError(say("there are no rule files (*{SUFFIX}) {where}", SUFFIX=SUFFIX, where=where))
        for path in files:
            self.outcomes[self._format_file(path)] += 1
        print(self._summary(), file=sys.stderr if self.diff else sys.stdout)
        return self._exit_code(check=check)

    def run_stdin(self, *, check: bool) -> int:
        text = decode(sys.stdin.buffer.read(), "stdin")
        before = Source("stdin", text)
        after, outcome = self._formatted(before, kind_of_text(text))
        self.outcomes[outcome] += 1
        if after is not None and self.diff:
            self._show_diff(before, after)
        elif after is not None and not check:
            sys.stdout.buffer.write(after.encode())
            sys.stdout.flush()
        return self._exit_code(check=check)

    def _format_file(self, path: Path) -> Outcome:
        try:
            before = Source(str(path), read_text(path))
            after, outcome = self._formatted(before, kind_of(path.name))
            if after is None or outcome == "clean":
                return outcome
            if self.write:
                replace_text(path, after)
        except ConfigurationError as error:
            print(f"kogda fmt: {told(error.args[0])}", file=sys.stderr)
            return "failed"
        if self.diff:
            self._show_diff(before, after)
        else:
            print(told(say("formatted {path}", path=path) if self.write else say("not in style: {path}", path=path)))
        return outcome

    def _formatted(self, before: Source, kind: FileKind) -> tuple[str | None, Outcome]:
        language: Language | None = self.language.value if self.language else None
        try:
            formatted = format_source(before, kind, language=language)
        except FormatterMistake as error:
            print(f"kogda fmt: {told(error.args[0])}", file=sys.stderr)
            return None, "failed"
        if formatted.text is None:
            sys.stderr.write(render_text(formatted.mistakes, spoken()) + "\n")
            return None, "mistakes"
        return formatted.text, "clean" if formatted.text == before.text else "changed"

    def _show_diff(self, before: Source, after: str) -> None:
        old, new = before.text.splitlines(keepends=True), after.splitlines(keepends=True)
        for line in unified_diff(old, new, before.path, before.path):
            sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")

    def _exit_code(self, *, check: bool) -> int:
        if self.outcomes["failed"]:
            return COULD_NOT_RUN
        return FOUND if self.outcomes["mistakes"] or (check and self.outcomes["changed"]) else CLEAN

    def _summary(self) -> str:
        said: dict[Outcome, str] = {
            "changed": say("formatted") if self.write else say("not in style"),
            "clean": say("in style"),
            "mistakes": say("with mistakes, left as they are"),
            "failed": say("left as they are"),
        }
        parts = [f"{self.outcomes[each]:,} {told(words)}" for each, words in said.items() if self.outcomes[each]]
        total = f"{self.outcomes.total():,}"
        return told(say("{count} {count:file|files}: {outcomes}", count=total, outcomes=", ".join(parts)))
