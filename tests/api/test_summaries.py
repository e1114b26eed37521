"""`kogda --help` lists the commands without loading them, and says of each what it says of itself."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import typer

from api.cli import COMMANDS
from api.cli.program import app
from api.cli.summaries import SUMMARIES
from dsl.messages import translated_beginning


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_it_says_first_of_itself(name: str):
    command = typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined, arg-type]

    first = (command.short_help or command.help).split("\n\n")[0].replace("\n", " ")

    assert first == SUMMARIES[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_line_of_the_list_is_translated(name: str):
    russian = translated_beginning(SUMMARIES[name], "ru")

    assert re.search("[а-я]{3}", russian)
    assert "\n\n" not in russian


def test_the_list_has_every_command_in_its_order():
    assert list(SUMMARIES) == list(COMMANDS)


def test_the_list_loads_none_of_the_commands():
    listing = "import sys; from api.cli import main; sys.argv = ['kogda', '--help']\ntry: main()\nfinally:\n"
    listing += " print([name for name in sys.modules if name.partition('.')[0] in ('sqlalchemy', 'redis', 'fastapi')])"

    listed = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)

    assert "Rules that read aloud" in listed.stdout
    assert all(name in listed.stdout for name in COMMANDS)
    assert listed.stdout.splitlines()[-1] == "[]"
