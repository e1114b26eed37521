"""Whoever copies a command from a page finds that it exists, with each of its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import typer

from api.cli import COMMANDS, OWN_ARGUMENTS
from api.cli.check import _parser
from api.cli.program import app

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", "ci/gitlab.yml", "deploy/compose.yaml")),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "api/cli/starter").rglob("*.y*ml"),
]
_COMMAND = re.compile(r"(?:`|\$ |^|- run: |    - |entry: )kogda ([a-z-]+(?: [^`\n|&>#]*)?)", re.MULTILINE)


def options_of(words: list[str]) -> set[str]:
    """Of the command that these words begin with. KeyError when there is none."""
    if words[0] in OWN_ARGUMENTS:
        return {option for action in _parser()._actions for option in action.option_strings}
    program = typer.main.get_command(app)
    command = program.get_command(program.context_class(program), words[0])
    for word in words[1:]:
        if not hasattr(command, "commands"):
            break
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts} | {"--help"}


def unknown(page: Path) -> Iterator[str]:
    for written in _COMMAND.findall(page.read_text(encoding="utf-8")):
        words = written.split()
        known = options_of(words) if words[0] in COMMANDS else set()
        given = {word.partition("=")[0].rstrip(".,;)") for word in words if word.startswith("--")}
        yield from (f"kogda {written}: {option}" for option in sorted(given - known))
        if words[0] not in COMMANDS:
            yield f"kogda {written}"


def test_every_command_on_a_page_exists_with_its_options():
    assert [f"{page.relative_to(ROOT)}: {each}" for page in PAGES for each in unknown(page)] == []


def test_a_command_that_does_not_exist_would_be_found(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("Run `kogda report --dayz 3`, then `kogda chek`.\n$ kogda keys create shop --port 1\n")

    assert list(unknown(page)) == [
        "kogda report --dayz 3: --dayz",
        "kogda chek",
        "kogda keys create shop --port 1: --port",
    ]
