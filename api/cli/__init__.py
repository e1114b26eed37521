"""The command line: `kogda COMMAND`. Each command is a file here and is imported when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from engine.errors import KogdaError

#: Each command with the module that holds it: a function of the same name, or `app` for a group of commands.
COMMANDS: dict[str, str] = {
    "up": "api.cli.up",
    "check": "api.cli.check",
    "publish": "api.cli.publish",
    "init": "api.cli.init",
    "demo": "api.cli.demo",
    "keys": "api.cli.keys",
    "doctor": "api.cli.doctor",
    "api": "api.cli.api",
    "worker": "api.cli.worker",
    "migrate": "api.cli.migrate",
}


class Commands(TyperGroup):
    """Commands that are imported when they are called, so that `kogda check` does not pay for `kogda up`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name])
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False)
            group.command(cmd_name)(getattr(module, cmd_name.replace("-", "_")))
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def kogda() -> None:
    """Rules that read aloud; events in, messages out."""


def main() -> None:
    """Exit code 2 and one sentence for what the operator can mend; a traceback is for bugs only."""
    try:
        app()
    except KogdaError as error:
        print(f"kogda: {error}", file=sys.stderr)
        raise SystemExit(2) from None
