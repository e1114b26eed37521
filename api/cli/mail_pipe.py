"""What commands have in common that a mail server calls for each mail of a mailbox."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from api.language import told
from dsl.messages import say
from engine.errors import ConfigurationError, DatabaseUnreachable
from engine.storage.database import TROUBLE

_TRY_AGAIN = 75  # EX_TEMPFAIL: the mail server keeps the mail and calls again


def read_mail(file: str, longest: int) -> bytes:
    """The first `longest` bytes; `-` reads standard input."""
    if file == "-":
        return sys.stdin.buffer.read(longest)
    try:
        with Path(file).open("rb") as mail:
            return mail.read(longest)
    except OSError as error:
        raise ConfigurationError(say("{file} cannot be read: {error}", file=file, error=error.strerror)) from error


@contextmanager
def kept_for_later() -> Iterator[None]:
    """While the database is away, the mail server keeps the mail."""
    try:
        yield
    except (DatabaseUnreachable, *TROUBLE) as error:
        typer.echo(told(say("the database does not answer: {error}", error=type(error).__name__)), err=True)
        raise typer.Exit(_TRY_AGAIN) from None
