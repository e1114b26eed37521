"""`kogda bounces`: a mail about a mail, from a mail server's pipe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli.mail_pipe import kept_for_later, read_mail
from api.cli.terminal import console
from api.language import told
from api.supervisor.services import connected
from dsl.messages import say
from engine.callbacks.mail_reports import LONGEST, reports_of
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.flow.answers.take_reports import Setting, Taken, take_reports
from engine.runtime import open_runtime
from engine.storage.rules.published import live_rule_set
from engine.waker import NullWaker
from engine.workspace.tracking import SOFT_BOUNCES


def bounces(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The mail as it came; - reads standard input.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a bounce (RFC 3464) or a complaint (RFC 5965) and act on it: events, dead addresses.

    For a pipe of a mail server. Any other mail changes nothing. Exit code 75: the database is away, try again.
    """
    raw = read_mail(file, LONGEST)
    with kept_for_later(), connected(read_settings(data=data)) as settings:
        taken = asyncio.run(_take(raw, settings))
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


async def _take(raw: bytes, settings: Settings) -> Taken:
    async with open_runtime(settings, waker=NullWaker()) as runtime:  # the sweep finds the events
        reports = reports_of(raw, utc_now(), runtime.link_key)
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
