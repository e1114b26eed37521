"""`kogda demo`: a shop's day of events becomes mails on a page."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from api.cli.terminal import PartLog, console, errors
from api.cli.with_database import with_database
from api.demo.day import BEGINS, ENDS, Day, plan_day
from api.demo.outbox import Outbox
from api.demo.play import Played, Stage, connect, fill_pools, play
from api.demo.screen import Screen, summary
from api.demo.sender import Sender
from api.demo.shop import shoppers
from api.demo.shortened import shorten_workspace
from api.language import VARIABLE, spoken, told
from api.supervisor.ports import free_port
from api.supervisor.publisher import publish_in_child
from api.supervisor.services import environment
from api.supervisor.signals import Signals
from api.supervisor.supervisor import LocalServices, Supervisor, local_services
from dsl.messages import in_a_row, say
from engine.config import Settings, read_settings
from engine.embedded import running_endpoints
from engine.errors import ConfigurationError, DataFolderTaken, PortTaken

#: The shop that the demo plays: the workspace at the repository's root.
SHOP = Path(__file__).resolve().parents[2]

#: What a visitor may send to the shop that goes on.
_VISITOR: tuple[dict[str, object], ...] = (
    {"type": "identify", "userId": "you", "traits": {"email": "you@example.com"}},
    {"type": "track", "userId": "you", "event": "Registered", "properties": {"source": "friend"}},
)

_MARK = "made-by-kogda-demo"
_TEND_EVERY_S = 0.5


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop when the day is over; exit code 1 when a mail is missing.")
    ] = False,
    customers: Annotated[int, typer.Option(min=1, max=5000, help="How many customers the shop has.")] = 300,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    hour: Annotated[int, typer.Option(min=1, max=60, help="Seconds that an hour of the shop takes.")] = 2,
    data: Annotated[Path | None, typer.Option(help="Folder of the demo; made anew each time.")] = None,
) -> None:
    """Start everything, send a coffee shop's day through the real Segment client, and watch the mails arrive."""
    settings = demo_settings(read_settings(port=port), data, any_port=port is None)
    shortened = make_workspace(settings, hour_s=hour)
    _introduce(shortened, customers=customers, hour_s=hour)
    raise typer.Exit(run_demo(settings, plan_day(shoppers(customers)), once=once, hour_s=hour, customers=customers))


def demo_settings(settings: Settings, data: Path | None, *, any_port: bool) -> Settings:
    """A server of its own, whatever is configured: nothing of the demo reaches a real database or a real mailbox.

    `any_port`: a free one will do when the usual one is taken.
    """
    folder = (data or settings.data / "demo").resolve()
    if running_endpoints(folder):
        raise DataFolderTaken(folder, None)
    return settings.model_copy(
        update={
            "workspace": folder / "workspace",
            "data": folder,
            "port": _port(settings, any_port=any_port),
            "database_url": None,
            "redis_url": None,
            "smtp_url": None,
            "write_key": SecretStr(f"wk_{secrets.token_hex(6)}.{secrets.token_urlsafe(24)}"),
        }
    )


def make_workspace(settings: Settings, *, hour_s: int) -> list[tuple[str, str]]:
    """A fresh folder with the shop's workspace, its waits shortened; what was shortened to what."""
    if not (SHOP / "kogda.yaml").exists():
        raise ConfigurationError(say("the demo plays the shop of Kogda's repository: run it in a clone"))
    _clear(settings.data)
    settings.workspace.mkdir(parents=True)
    (settings.data / _MARK).touch()
    return shorten_workspace(SHOP, settings.workspace, hour_s=hour_s)


def run_demo(settings: Settings, day: Day, *, once: bool, hour_s: int, customers: int) -> int:
    """The exit code: 1 when a mail that the day must lead to did not arrive."""
    log = PartLog(sys.stderr)
    with Signals() as signals, local_services(settings, log) as services:
        variables = _environment(services.settings)
        publish_in_child(variables, folder=settings.data, migrate=True)
        with_database(services.settings, fill_pools)
        supervisor = Supervisor(settings, variables, folder=settings.data, signals=signals, show=log)
        try:
            if not supervisor.start():
                return 0
            page = say("[bold]{url}/mailbox[/bold]  is the page where the mails land", url=supervisor.url)
            console.print(f"  {told(page)}\n", soft_wrap=True)
            played = asyncio.run(_play(services, supervisor, signals, day, hour_s=hour_s))
            console.print(summary(played.totals, customers=customers))
            code = _verdict(played, day)
            if played.is_whole and not once:
                _stay(services, supervisor, signals)
        finally:
            supervisor.stop()
    return code


async def _play(services: LocalServices, supervisor: Supervisor, signals: Signals, day: Day, *, hour_s: int) -> Played:
    def tend() -> bool:
        supervisor.tend()
        services.tend()
        return not signals.is_stopping

    settings = services.settings
    assert settings.database_url is not None
    assert settings.write_key is not None
    connection = await connect(settings.database_url.get_secret_value())
    sender = Sender(supervisor.url, settings.write_key.get_secret_value())
    try:
        with Screen(console, hours=ENDS - BEGINS) as screen:
            return await play(Stage(day, sender, Outbox(connection), screen, hour_s, tend))
    finally:
        await connection.close()


def registration(url: str, write_key: str) -> str:
    """For a shell, as it stands."""
    return f"  curl {url}/v1/batch -u {write_key}: -d '{json.dumps({'batch': _VISITOR})}'"


def _introduce(shortened: list[tuple[str, str]], *, customers: int, hour_s: int) -> None:
    shortest_first = sorted(shortened, key=lambda change: int(change[1].removesuffix("s")))
    some = in_a_row(", ", [say("{before} is {after}", before=each[0], after=each[1]) for each in shortest_first[:3]])
    head = say("[bold]A day at Teplo, a small coffee roastery[/bold], {n} {n:customer|customers}.", n=customers)
    lines = [
        say("An hour of the shop takes {seconds} s.", seconds=hour_s),
        say("Its rules were published with waits to match: {some}.", some=some),
        say("Clock times, such as [italic]wait until friday 10:00[/italic], are the real ones."),
        say("[dim]Events go through the Segment client (segment-analytics-python), as from any app.[/dim]"),
    ]
    console.print(f"\n  {told(head)}\n")
    for line in lines:
        console.print(f"  {told(line)}", soft_wrap=True)
    console.print()


def _stay(services: LocalServices, supervisor: Supervisor, signals: Signals) -> None:
    assert services.settings.write_key is not None
    console.print(f"\n  {told(say('Register there yourself, and a mail comes:'))}\n")
    own = registration(supervisor.url, services.settings.write_key.get_secret_value())
    console.print(own, soft_wrap=True, markup=False, highlight=False)
    goes_on = say("The server goes on: [bold]{url}/mailbox[/bold]. Ctrl-C stops it.", url=supervisor.url)
    console.print(f"\n  {told(goes_on)}\n", soft_wrap=True)
    while not signals.is_stopping:
        signals.wait(_TEND_EVERY_S)
        supervisor.tend()
        services.tend()


def _verdict(played: Played, day: Day) -> int:
    if not played.is_whole:
        return 0
    for reason in sorted(set(played.refused))[:5]:
        errors.print(told(say("The Segment client gave up on events: {reason}", reason=reason)), markup=False)
    for (address, template), why in sorted(played.missing.items())[:10]:
        late = say("{template} to {address} did not arrive: {why}", template=template, address=address, why=why)
        errors.print(told(late), markup=False)
    if played.missing or played.refused:
        missing, expected = len(played.missing), len(day.expected)
        errors.print(told(say("{n} of {all} expected mails {n:is|are} missing.", n=missing, all=expected)))
        return 1
    arrived = say("All {n} mails that this day had to lead to have arrived.", n=len(day.expected))
    console.print(f"  {told(arrived)}")
    return 0


def _port(settings: Settings, *, any_port: bool) -> int:
    try:
        return free_port(settings.host, settings.port)
    except PortTaken:
        if not any_port:
            raise
        return free_port(settings.host, 0)


def _environment(settings: Settings) -> dict[str, str]:
    """Without the settings of the shell, but for its language: they are about other servers."""
    given = {name: value for name, value in os.environ.items() if not name.upper().startswith("KOGDA_")}
    assert settings.write_key is not None
    own = {"KOGDA_WRITE_KEY": settings.write_key.get_secret_value(), "KOGDA_LOG_LEVEL": "warning", VARIABLE: spoken()}
    return environment(settings, {**given, **own})


def _clear(folder: Path) -> None:
    """Only a folder that an earlier demo made is ever removed."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / _MARK).exists():
        raise ConfigurationError(
            say("{folder} is not empty and not of an earlier demo; choose another with --data", folder=folder)
        )
    shutil.rmtree(folder)
