"""`kogda unsubscribe`: a mail that a mail program sent for somebody who pressed its button."""

from __future__ import annotations

import asyncio
import re
import sys
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Annotated

import typer

from api.supervisor.services import connected
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError, DatabaseUnreachable
from engine.flow.change_consent import Choice, NoSuchCustomer, change_consent
from engine.links.customer_links import open_link
from engine.links.tokens import LONGEST
from engine.runtime import open_runtime
from engine.storage.database import TROUBLE
from engine.waker import NullWaker

_TRY_AGAIN = 75  # EX_TEMPFAIL: the mail server keeps the mail and calls again
_HEAD = 256 * 1024
_TOKEN = re.compile(rf"unsubscribe\s+([A-Za-z0-9_\-\s]{{20,{LONGEST}}})", re.IGNORECASE)


def unsubscribe(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The mail as it came; - reads standard input.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a mail to the mailbox of `mail: {unsubscribe: …}`, and act on the link in its subject.

    For a pipe of a mail server. Any other mail changes nothing. Exit code 75: the database is away, try again.
    """
    token = token_in(_read(file))
    if token is None:
        typer.echo("no link of ours in its subject: nothing was changed")
        return
    try:
        with connected(read_settings(data=data)) as settings:
            typer.echo(asyncio.run(_leave(token, settings)))
    except (DatabaseUnreachable, *TROUBLE) as error:
        typer.echo(f"the database does not answer: {type(error).__name__}", err=True)
        raise typer.Exit(_TRY_AGAIN) from None


def token_in(raw: bytes) -> str | None:
    """Of the subject alone. Mail programs fold long ones, and the blanks of the folds are no part of it."""
    subject = BytesHeaderParser(policy=compat32).parsebytes(raw[:_HEAD]).get("Subject")
    found = _TOKEN.fullmatch(str(subject).strip()) if subject is not None else None
    return re.sub(r"\s", "", found[1]) if found else None


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(_HEAD)
    try:
        with Path(file).open("rb") as mail:
            return mail.read(_HEAD)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error


async def _leave(token: str, settings: Settings) -> str:
    async with open_runtime(settings, waker=NullWaker()) as runtime:  # the sweep finds the event
        link = open_link(runtime.link_key, "unsubscribe", token)
        if link is None:
            return "no link of ours in its subject: nothing was changed"
        what = link.what or link.channel
        choice = Choice(customer=link.customer, words={what: False}, how="mail", message=link.message)
        try:
            await change_consent(runtime, choice)
        except NoSuchCustomer:
            return "this customer is not known any more"
        return f"{what} refused"
