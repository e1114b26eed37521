"""`kogda unsubscribe`: a mail that a mail program sent for somebody who pressed its button."""

from __future__ import annotations

import asyncio
import re
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Annotated

import typer

from api.cli.mail_pipe import kept_for_later, read_mail
from api.language import told
from api.supervisor.services import connected
from dsl.messages import Message, say
from engine.config import Settings, read_settings
from engine.flow.customers.change_consent import Choice, NoSuchCustomer, change_consent
from engine.links.customer_links import open_link
from engine.links.tokens import LONGEST
from engine.runtime import open_runtime
from engine.waker import NullWaker

_NO_LINK = say("no link of ours in its subject: nothing was changed")
_HEAD = 256 * 1024  # bytes
_TOKEN = re.compile(rf"unsubscribe\s+([A-Za-z0-9_\-\s]{{20,{LONGEST}}})", re.IGNORECASE)


def unsubscribe(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The mail as it came; - reads standard input.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a mail to the mailbox that `unsubscribe` under `mail` names, and act on the link in its subject.

    For a pipe of a mail server. Any other mail changes nothing. Exit code 75: the database is away, try again.
    """
    token = token_in(read_mail(file, _HEAD))
    if token is None:
        typer.echo(told(_NO_LINK))
        return
    with kept_for_later(), connected(read_settings(data=data)) as settings:
        typer.echo(told(asyncio.run(_leave(token, settings))))


def token_in(raw: bytes) -> str | None:
    """Of the subject alone. Mail programs fold long ones, and the blanks of the folds are no part of it."""
    subject = BytesHeaderParser(policy=compat32).parsebytes(raw[:_HEAD]).get("Subject")
    found = _TOKEN.fullmatch(str(subject).strip()) if subject is not None else None
    return re.sub(r"\s", "", found[1]) if found else None


async def _leave(token: str, settings: Settings) -> Message:
    async with open_runtime(settings, waker=NullWaker()) as runtime:  # the sweep finds the event
        link = open_link(runtime.link_key, "unsubscribe", token)
        if link is None:
            return _NO_LINK
        what = link.what or link.channel
        choice = Choice(customer=link.customer, words={what: False}, how="mail", message=link.message)
        try:
            await change_consent(runtime, choice)
        except NoSuchCustomer:
            return say("this customer is not known any more")
        return say("{channel} was refused", channel=what)
