"""`kogda claim`: a database that was copied or moved is this installation's from now on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.with_database import with_database
from api.language import told
from dsl.messages import say
from engine.config import read_settings
from engine.storage.database import Connection
from engine.storage.ownership import Waiting, waiting
from engine.storage.ownership import claim as take


def claim(
    yes: Annotated[bool, typer.Option("--yes", help="The other one is gone: take it.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Take a database that was restored from a backup, or that bears another KOGDA_INSTANCE.

    Says first what would be done at once: what the other server has done since the backup would be done again.
    """
    settings = read_settings(data=data)

    async def work(connection: Connection) -> Waiting:
        found = await waiting(connection)
        if yes:
            await take(connection, settings.instance)
        return found

    found = with_database(settings, work)
    typer.echo(_told(found))
    if not yes:
        typer.echo(told(say("`kogda claim --yes` takes it; nothing was changed")))
        raise typer.Exit(1)
    typer.echo(told(say("it is this installation's now")))


def _told(found: Waiting) -> str:
    seen = f"{found.last_seen:%Y-%m-%d %H:%M:%S} UTC" if found.last_seen else say("never")
    return told(
        say(
            "a worker was last seen here: {seen}. Due at once: {messages} messages, {runs} steps of runs; what the"
            " other server has done of them since would be done again",
            seen=seen,
            messages=f"{found.messages:,}",
            runs=f"{found.runs:,}",
        )
    )
