"""`--help` in the language of the shell: what Typer read from the commands, said again.

The texts stand where Typer looks for them, in `help=` and in docstrings; scripts/message_templates.py finds them there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from api.language import spoken, told
from dsl.messages import say, translated


def said_again(command: Any) -> Any:
    """The command, and those below it, with their help in the language of the shell."""
    if spoken() == "en":
        return command
    command.context_class = _context_of(type(command).context_class)
    command.help = _again(command.help)
    command.short_help = _again(command.short_help)
    for parameter in command.params:
        parameter.help = _again(getattr(parameter, "help", None))
    for below in getattr(command, "commands", {}).values():
        said_again(below)
    return command


def _again(text: str | None) -> str | None:
    return translated(text, spoken()) if text else text


@cache
def _context_of(base: Any) -> Any:
    class SpokenContext(base):  # type: ignore[misc]
        def make_formatter(self) -> Any:
            _name_panels()
            if option := self.command.get_help_option(self):
                option.help = told(say("Show this message and exit."))
            formatter = super().make_formatter()
            usage = formatter.write_usage
            formatter.write_usage = lambda program, words="": usage(program, words, told(say("Usage: ")))
            return formatter

    return SpokenContext


def _name_panels() -> None:
    """Typer keeps the words of its own in one module."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = told(say("Arguments"))
    rich_utils.OPTIONS_PANEL_TITLE = told(say("Options"))
    rich_utils.COMMANDS_PANEL_TITLE = told(say("Commands"))
    rich_utils.ERRORS_PANEL_TITLE = told(say("Error"))
    rich_utils.DEFAULT_STRING = told(say("[default: {{}}]"))
    rich_utils.RICH_HELP = told(say("Try [blue]'{{command_path}} {{help_option}}'[/] for help."))
    rich_utils.ABORTED_TEXT = told(say("Aborted."))
    rich_utils.REQUIRED_LONG_STRING = told(say("[required]"))
