"""`kogda publish`: make the workspace live."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.language import spoken
from api.publishing import Attempt, publish_folder, report_attempt
from api.supervisor.services import connected
from engine.config import Settings, read_settings
from engine.storage.migrate import migrate, require_current


def publish(
    workspace: Annotated[
        Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/, templates/.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Check the workspace and make it live, at a running `kogda up` or the configured database. All or nothing."""
    settings = read_settings(workspace=workspace, data=data)
    with connected(settings) as whole:
        attempt = asyncio.run(_publish(whole, is_ours=settings.database_url is None))
    report_attempt(attempt, out=sys.stdout, language=spoken())
    raise typer.Exit(0 if attempt.publication else 1)


async def _publish(settings: Settings, *, is_ours: bool) -> Attempt:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await (migrate(url) if is_ours else require_current(url))
    return await publish_folder(url, settings.workspace, published_by=who())


def who() -> str:
    """Who publishes, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
