"""The commands of `kogda` as Typer shows and calls them."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from api.cli import COMMANDS, OWN_ARGUMENTS
from api.cli.spoken_help import said_again
from api.cli.spoken_mistakes import mistakes_said_again, no_command
from api.cli.summaries import SUMMARIES
from api.language import spoken, told
from dsl.messages import translated_beginning

#: For commands that read their own arguments: everything is handed on, --help too.
_HANDED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


class Commands(TyperGroup):
    """Commands that are imported when they are called, so that none pays for another, nor the list for all."""

    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._is_listing = True
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if self._is_listing:
            return TyperCommand(cmd_name, help=translated_beginning(SUMMARIES[cmd_name], spoken()))
        module: Any = import_module(COMMANDS[cmd_name])
        group = getattr(module, "app", None) or _single(cmd_name, module)
        command = typer.main.get_command(group)
        command.name = cmd_name
        return said_again(command)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        said_again(self)
        with mistakes_said_again():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        with mistakes_said_again():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(told(no_command(args[0], list(COMMANDS))))
        return super().resolve_command(ctx, args)


def _single(name: str, module: Any) -> typer.Typer:
    group = typer.Typer(add_completion=False)
    if name not in OWN_ARGUMENTS:
        group.command(name)(getattr(module, name.replace("-", "_")))
        return group

    @group.command(name, context_settings=_HANDED_ON, help=module.SUMMARY)
    def run(ctx: typer.Context) -> None:
        raise typer.Exit(module.main(ctx.args))

    return group


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kogda {version('kogda')}")
        raise typer.Exit()


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback()
def kogda(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which Kogda this is.")
    ] = False,
) -> None:
    """Rules that read aloud; events in, messages out."""
