"""`kogda drill`: proves the delivery contract on this machine."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console, errors
from api.drill.card import Card, markdown_of, text_of
from api.drill.run import Drill, run_drill
from api.language import told
from dsl.messages import Message, say
from engine.config import read_settings

_STOPPED = 130  # as a shell says of Ctrl-C
_LOG = "drill.log"


def drill(
    minutes: Annotated[float, typer.Option(min=0.05, max=24 * 60, help="How long faults are caused.")] = 5.0,
    seed: Annotated[int | None, typer.Option(help="Cause the same faults again; drawn when it is not given.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Workers to kill.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="The report card as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The report card as a table for a page.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder below which a folder of the drill is made.")] = None,
) -> None:
    """Kill workers, the API, Redis and the database under load, on this machine, and compare what arrived.

    Works on a scratch database that is dropped at the end (on the server of KOGDA_DATABASE_URL, if that is set), with
    a Redis and a mail server of its own. Exit code 1 when something was lost or doubled.
    """
    settings = read_settings(data=data)
    log = settings.data / _LOG
    settings.data.mkdir(parents=True, exist_ok=True)
    chosen = seed if seed is not None else secrets.randbelow(1_000_000)
    _follow(say("Drill: {minutes} {minutes:minute|minutes} on a scratch database, seed {seed}. "
                "The servers' words: {log}", minutes=f"{minutes:g}", seed=chosen, log=log))  # fmt: skip
    with log.open("w") as words:
        wanted = Drill(
            minutes=minutes,
            seed=chosen,
            workers=workers,
            follow=_follow,
            show=lambda name, line: print(f"{name} {line}", file=words, flush=True),
        )
        card = run_drill(wanted, settings)
    if card is None:
        _follow(say("Stopped: nothing was judged, and everything that the drill made is gone."))
        raise typer.Exit(_STOPPED)
    console.print(_shown(card, as_json=as_json, markdown=markdown), markup=False, soft_wrap=True)
    raise typer.Exit(0 if card.is_good else 1)


def _follow(what: Message) -> None:
    """On stderr: stdout is for the card."""
    errors.print(told(what), markup=False, soft_wrap=True)


def _shown(card: Card, *, as_json: bool, markdown: bool) -> str:
    if as_json:
        return json.dumps(card.as_json(), indent=2)
    return markdown_of(card, told) if markdown else "\n" + text_of(card, told)
