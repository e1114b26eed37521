"""`kogda publish`: make the workspace live."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.language import spoken, told
from api.planning import SavedPlan, load_saved_plan
from api.publishing import Attempt, publish_folder, report_attempt
from api.supervisor.services import connected
from dsl.messages import say
from engine.config import Settings, read_settings
from engine.flow.publishing.move_runs import Moved, move_runs
from engine.runtime import open_runtime
from engine.storage.migrate import migrate
from engine.storage.revisions import require_current
from engine.waker import NullWaker


def publish(
    workspace: Annotated[
        Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/, templates/.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Apply a saved `kogda plan`, and nothing else.")
    ] = None,
) -> None:
    """Check the workspace and make it live, at a running `kogda up` or the configured database. All or nothing."""
    settings = read_settings(workspace=workspace, data=data)
    saved = load_saved_plan(plan) if plan else None
    with connected(settings) as whole:
        attempt, moved = asyncio.run(_publish(whole, saved, is_ours=settings.database_url is None))
    report_attempt(attempt, out=sys.stdout, language=spoken())
    if moved is not None:
        print(told(_told(moved)))
    raise typer.Exit(0 if attempt.publication else 1)


async def _publish(settings: Settings, saved: SavedPlan | None, *, is_ours: bool) -> tuple[Attempt, Moved | None]:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await (migrate(url) if is_ours else require_current(url))
    attempt = await publish_folder(url, settings.workspace, published_by=who(), saved=saved)
    if saved is None or attempt.publication is None or not saved.fates:
        return attempt, None
    async with open_runtime(settings, waker=NullWaker(), pool_size=2) as runtime:
        return attempt, await move_runs(runtime, attempt.publication.rule_set, saved.fates)


def _told(moved: Moved) -> str:
    return say(
        "Runs under way: {moved} moved, {restarted} began anew, {cancelled} ended, {stayed} finish on their version.",
        moved=moved.moved,
        restarted=moved.restarted,
        cancelled=moved.cancelled,
        stayed=moved.stayed,
    )


def who() -> str:
    """Who publishes, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
