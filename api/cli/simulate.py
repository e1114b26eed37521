"""`kogda simulate`: what rules would have sent. Nothing is sent, and nothing is written."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.cli.simulate_html import as_html
from api.cli.simulate_report import as_json, render_simulations
from api.cli.terminal import errors
from api.language import told
from api.opened_database import opened_connection
from api.simulating import (
    LIVE,
    Stretch,
    live_rules,
    rules_of,
    simulate_file,
    simulate_server,
    stretch_of,
    without_search_for_cycles,
)
from api.supervisor.services import connected
from dsl.messages import say
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError
from engine.testing.simulation.counted import Simulation

FOUND_NOTHING = 1


def simulate(
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="30d, 12h, 2w ago, or a day. Default: 30d.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Default: now.")] = None,
    rules: Annotated[str | None, typer.Option(metavar="DIR|live", help="A workspace. Default: --workspace.")] = None,
    baseline: Annotated[str | None, typer.Option(metavar="DIR|live", help="Compare with these rules.")] = None,
    events: Annotated[Path | None, typer.Option(metavar="FILE", help="Events from an NDJSON or CSV export.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page, too.")] = None,
    as_data: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Replay stored events through rules, in virtual time: how many messages they would have sent, and to whom.

    Exits 1 when there are no events in that time, 2 when something is missing or wrong.
    """
    settings = read_settings(workspace=workspace, data=data)
    chosen = [rules or str(settings.workspace), *([baseline] if baseline else [])]
    with without_search_for_cycles():
        simulations = _simulations(settings, chosen, events, since, until)
    if simulations[0].events == 0:
        print(f"kogda: {told(say('there are no events in that time'))}", file=sys.stderr)
        raise typer.Exit(FOUND_NOTHING)
    names = [told(say("the published rules")) if each == LIVE else Path(each).resolve().name for each in chosen]
    if html is not None:
        html.write_text(as_html(simulations, names), encoding="utf-8")
    sys.stdout.write(
        json.dumps(as_json(simulations), indent=2) + "\n" if as_data else render_simulations(simulations, names)
    )


def _simulations(
    settings: Settings, chosen: list[str], events: Path | None, since: str | None, until: str | None
) -> list[Simulation]:
    if events is not None:
        return _of_file(events, chosen, since, until)
    stretch = stretch_of(since or "30d", until, now=utc_now())
    with connected(settings, makes_database=False) as whole:
        return asyncio.run(_of_server(whole, chosen, stretch))


def _of_file(path: Path, chosen: list[str], since: str | None, until: str | None) -> list[Simulation]:
    if LIVE in chosen:
        raise ConfigurationError(say("an export is replayed through workspaces: name a folder instead of `live`"))
    stretch = stretch_of(since, until, now=utc_now()) if since else None
    done = []
    for folder in chosen:
        with _progress(folder) as on_progress:
            done.append(simulate_file(rules_of(Path(folder)), path, stretch, on_progress))
    return done


async def _of_server(settings: Settings, chosen: list[str], stretch: Stretch) -> list[Simulation]:
    done = []
    async with opened_connection(settings) as connection:
        for each in chosen:
            chosen_rules = await live_rules(connection) if each == LIVE else rules_of(Path(each))
            with _progress(each) as on_progress:
                done.append(await simulate_server(connection, chosen_rules, stretch, on_progress))
    return done


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(told(say("replaying through {name}", name=name)), total=None)

        def advance(count: int, total: int) -> None:
            progress.update(task, advance=count, total=total)

        yield advance
