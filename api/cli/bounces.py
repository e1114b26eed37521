"""`kogda bounces`: a mail about a mail, from a mail server's pipe."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console
from api.language import told
from api.supervisor.services import connected
from dsl.messages import say
from engine.callbacks.mail_reports import LONGEST, reports_of
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError, DatabaseUnreachable
from engine.flow.take_reports import Setting, Taken, take_reports
from engine.runtime import open_runtime
from engine.storage.database import TROUBLE
from engine.storage.rule_sets import live_rule_set
from engine.waker import NullWaker
from engine.workspace.tracking import SOFT_BOUNCES

_TRY_AGAIN = 75  # EX_TEMPFAIL: the mail server keeps the mail and calls again


def bounces(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The mail as it came; - reads standard input.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a bounce (RFC 3464) or a complaint (RFC 5965) and act on it: events, dead addresses.

    For a pipe of a mail server. Any other mail changes nothing. Exit code 75: the database is away, try again.
    """
    raw = _read(file)
    try:
        with connected(read_settings(data=data)) as settings:
            taken = asyncio.run(_take(raw, settings))
    except (DatabaseUnreachable, *TROUBLE) as error:
        console.print(told(say("the database does not answer: {error}", error=type(error).__name__)))
        raise typer.Exit(_TRY_AGAIN) from None
    console.print(
        told(
            say(
                "{reports} reports, {unknown} of them about no message of ours; addresses suppressed: {suppressed}",
                reports=taken.reports,
                unknown=taken.unknown,
                suppressed=taken.suppressed,
            )
        )
    )


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(LONGEST)
    try:
        with Path(file).open("rb") as mail:
            return mail.read(LONGEST)
    except OSError as error:
        raise ConfigurationError(say("{file} cannot be read: {error}", file=file, error=error.strerror)) from error


async def _take(raw: bytes, settings: Settings) -> Taken:
    async with open_runtime(settings, waker=NullWaker()) as runtime:  # the sweep finds the events
        reports = reports_of(raw, utc_now())
        async with runtime.database.transaction() as connection:
            live = await live_rule_set(connection)
            texts = await runtime.texts.of(connection, live) if live is not None else None
            wanted = (texts.settings.get("callbacks") if texts else None) or {}
            setting = Setting(
                texts=texts,
                partitions=runtime.partitions,
                public_url=settings.public_url,
                soft_bounces=wanted.get("soft_bounces", SOFT_BOUNCES),
                trusts_addresses=False,
            )
            return await take_reports(connection, reports, setting)
