"""What Typer says of a wrong command line, said again in the language of the shell. Its sentences are not to be had
as templates, so they are known by how they read; one that is not known stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import typer

from api.language import spoken, told
from dsl.messages import Message, say

_SENTENCES: tuple[tuple[str, Callable[..., Message]], ...] = (
    (r"No such command '(.*)'\. Did you mean '(\S*)'.*\?", lambda name, near: no_command(name, [near])),
    (r"No such command '(.*)'\.", lambda name: no_command(name, [])),
    (
        r"No such option: (\S+) \(Possible options: (.*)\)",
        lambda name, near: say("there is no option {name}; did you mean {near}?", name=name, near=near),
    ),
    (r"No such option: (\S+)", lambda name: say("there is no option {name}", name=name)),
    (r"Missing (?:argument|option|parameter) '(.*)'\.", lambda name: say("{name} is missing", name=name)),
    (r"Missing command\.", lambda: say("a command is missing")),
    (
        r"Got unexpected extra argument\(s\) \((.*)\)",
        lambda words: say("more than there is place for: {words}", words=words),
    ),
    (r"Option '(\S+)' requires an argument\.", lambda name: say("{name} needs a value", name=name)),
    (r"Option '(\S+)' does not take a value\.", lambda name: say("{name} takes no value", name=name)),
    (r"Invalid value for '(.*)': (.*)", lambda name, why: say("{name}: {why}", name=name, why=retold(why))),
    (r"Input should be a valid integer\b.*", lambda: say("a whole number is expected")),
    (r"Input should be a valid number\b.*", lambda: say("a number is expected")),
    (r"Input should be greater than or equal to (.*)", lambda least: say("at least {least}", least=least)),
    (r"Input should be less than or equal to (.*)", lambda most: say("at most {most}", most=most)),
    (
        r"Value error, (.*) is not one of (.*)\.",
        lambda given, known: say("{given} is none of {known}", given=given, known=known),
    ),
)


def no_command(name: str, known: list[str]) -> Message:
    near = get_close_matches(name, known, n=1)
    if near:
        return say("there is no command {name}; did you mean {near}?", name=name, near=near[0])
    return say("there is no command {name}", name=name)


def retold(sentence: str) -> str:
    for pattern, again in _SENTENCES:
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return again(*found.groups())
    return sentence


@contextmanager
def mistakes_said_again() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        if spoken() != "en":
            words = told(retold(error.format_message()))
            # Said by the exception that came: Typer shows its usage, and ends with its exit code.
            vars(error)["format_message"] = lambda: words
        raise
