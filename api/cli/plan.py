"""`kogda plan`: what publishing this workspace would change, before it does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.cli.looking import looking_at_customers
from api.cli.plan_report import render_markdown, render_preview
from api.cli.terminal import errors
from api.language import spoken, told
from api.opened_database import opened_connection
from api.past_marks import people_past
from api.planning import Preview, live_of_database, live_of_server, preview, save_preview, with_replays
from api.simulating import Rules, stretch_of
from api.supervisor.services import connected
from dsl.diagnostics import Severity
from dsl.messages import say
from dsl.render import render_text
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.core.runs.moving import Fate
from engine.errors import ConfigurationError
from engine.flow.checking.load_workspace import CheckedWorkspace, load_workspace
from engine.flow.publishing.publish_rules import hash_of
from engine.storage.runs.rounds import count_customers

CHANGES, MISTAKES = 2, 1
_PRODUCTION = "production"


def plan(
    against: Annotated[
        str, typer.Option(metavar="production|URL", help="The configured database, or a server's address.")
    ] = _PRODUCTION,
    replay: Annotated[
        str | None, typer.Option(metavar="TIME", help="Also replay stored events since then: 30d.")
    ] = None,
    move: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Its runs go on in the new version.")] = None,
    restart: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Its runs begin anew in it.")] = None,
    cancel: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Its runs end.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: plan-XXXX.json.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="For a pull request.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 2 when something would change.")] = False,
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Show what publishing this workspace would change: rules, people inside of them, messages. Changes nothing.

    `kogda publish --plan FILE` applies exactly this, and refuses when something else was published meanwhile.
    """
    settings = read_settings(workspace=workspace, data=data)
    checked = _checked(settings.workspace)
    fates: dict[str, Fate] = {
        **dict.fromkeys(move or (), "move"),
        **dict.fromkeys(restart or (), "restart"),
        **dict.fromkeys(cancel or (), "cancel"),
    }
    seen = _seen(settings, checked, fates, against=against, replay=replay)
    path = out or Path(f"plan-{seen.hash[:4]}.json")
    if seen.changes:
        save_preview(seen, path)
    render = render_markdown if markdown else render_preview
    sys.stdout.write(render(seen, against=against, saved=path if seen.changes else None))
    raise typer.Exit(CHANGES if exit_code and seen.changes else 0)


def _checked(folder: Path) -> CheckedWorkspace:
    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(say("there is no kogda.yaml in {folder}", folder=folder))
    checked = load_workspace(folder)
    if checked.plan is None:
        found = [each for each in checked.diagnostics if each.severity is Severity.ERROR]
        sys.stderr.write(render_text(found, spoken()) + "\n")
        print(f"kogda: {told(say('nothing is planned, because the workspace has mistakes'))}", file=sys.stderr)
        raise typer.Exit(MISTAKES)
    return checked


def _seen(
    settings: Settings, checked: CheckedWorkspace, fates: dict[str, Fate], *, against: str, replay: str | None
) -> Preview:
    assert checked.plan is not None
    target = hash_of(checked.plan, templates=checked.templates, settings=checked.settings)
    if against == _PRODUCTION:
        with connected(settings, makes_database=False) as whole:
            return asyncio.run(_of_database(whole, checked, target, fates, replay))
    if not against.startswith(("http://", "https://")):
        raise ConfigurationError(say('--against "{against}": write production, or an address', against=against))
    if replay is not None:
        raise ConfigurationError(say("a replay reads the stored events: plan against production for that"))
    return preview(live_of_server(against), checked.plan, target, fates)


async def _of_database(
    settings: Settings, checked: CheckedWorkspace, target: str, fates: dict[str, Fate], replay: str | None
) -> Preview:
    assert checked.plan is not None
    async with opened_connection(settings) as connection:
        seen = preview(await live_of_database(connection), checked.plan, target, fates)
        if seen.past:
            with looking_at_customers(await count_customers(connection)) as on_look:
                past = await people_past(connection, checked.plan, tuple(seen.past), on_look=on_look)
            seen = replace(seen, past=past)
        if replay is None or not seen.changes:
            return seen
        stretch = stretch_of(replay, None, now=utc_now())
        with _progress() as on_progress:
            return await with_replays(connection, seen, Rules(checked.plan, checked.catalog), stretch, on_progress)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        tasks = {}

        def advance(name: str, count: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(told(say("replaying through {name}", name=name)), total=total)
            progress.update(tasks[name], advance=count)

        yield advance
