"""`kogda up`: everything on one machine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console, errors, standard_log
from api.language import told
from api.supervisor.child import Show
from api.supervisor.ports import free_port
from api.supervisor.publisher import Published, publish_in_child
from api.supervisor.services import environment
from api.supervisor.signals import Signals
from api.supervisor.supervisor import LocalServices, Supervisor, local_services
from api.supervisor.watcher import Watcher
from dsl.messages import say
from engine.config import Settings, given_variables, read_settings, unknown_variables
from engine.failpoints import read_traps

_TEND_EVERY_S = 0.5


def up(
    workspace: Annotated[
        Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/, templates/.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Publish again whenever a file of the workspace is saved.")
    ] = False,
) -> None:
    """Publish the workspace and start everything on this machine. Ctrl-C stops it."""
    for name, meant in unknown_variables(given_variables()).items():
        known = say("{name} is not a setting; did you mean {meant}?", name=name, meant=meant)
        errors.print(told(known if meant else say("{name} is not a setting", name=name)), markup=False)
    read_traps(os.environ)  # nothing is started with one that is not of a drill
    settings = read_settings(workspace=workspace, data=data, host=host, port=port)
    settings = settings.model_copy(update={"port": free_port(settings.host, settings.port)})
    raise typer.Exit(run_up(settings, watch=watch, show=standard_log()))


def run_up(settings: Settings, *, watch: bool, show: Show) -> int:
    """The exit code: 0 after a stop that was asked for, 1 when the workspace has mistakes and nothing older is live."""
    began = time.monotonic()
    with Signals() as signals, local_services(settings, show) as services:
        variables = environment(services.settings, os.environ)
        # Made before the publishing: what is saved meanwhile is new to it.
        watcher = Watcher(services.settings.workspace, signals.wake) if watch else None
        published = publish_in_child(variables, folder=Path.cwd(), migrate=True)
        if published.rule_set is None:
            errors.print(told(say("Nothing was started: mend the workspace, then run [bold]kogda up[/bold] again.")))
            return 1
        supervisor = Supervisor(services.settings, variables, folder=Path.cwd(), signals=signals, show=show)
        try:
            if not signals.is_stopping and supervisor.start():
                _announce(services, supervisor.url, published, seconds=time.monotonic() - began, watch=watch)
                _run(supervisor, services, signals, watcher, variables=variables)
            console.print("\n" + told(say("Stopping: the API, the workers, then the services.")))
        finally:
            supervisor.stop()
    console.print(told(say("Stopped. Nothing is lost; waits go on when you start again.")))
    return 0


def _run(
    supervisor: Supervisor,
    services: LocalServices,
    signals: Signals,
    watcher: Watcher | None,
    *,
    variables: dict[str, str],
) -> None:
    """Until a signal comes. `variables`: of the process that publishes again on save; no watcher: nobody does."""
    if watcher:
        watcher.start()
    while not signals.is_stopping:
        signals.wait(_TEND_EVERY_S)
        supervisor.tend()
        services.tend()
        if watcher and watcher.take():
            publish_in_child(variables, folder=Path.cwd(), migrate=False)
    if watcher:
        watcher.stop()


def _announce(services: LocalServices, url: str, published: Published, *, seconds: float, watch: bool) -> None:
    settings = services.settings
    rules = say("{n} {n:rule|rules}, rule set {rule_set}", n=published.rules, rule_set=published.rule_set)
    if published.has_mistakes:
        rules = say("{rules}; the workspace has mistakes (above), so this older one stays", rules=rules)
    data = str(settings.data) if services.is_embedded else say("your own PostgreSQL and Redis")
    lines = [
        (say("events"), f"{url}/v1", say("where your Segment client sends")),
        (say("key"), *_key_hint(settings, published)),
        (say("mail"), *_mail_hint(settings, url)),
        (say("rules"), rules, say("published again when you save") if watch else ""),
        (say("data"), data, ""),
    ]
    _show_lines([(told(label), told(value), told(note)) for label, value, note in lines], _is_up(published, seconds))


def _is_up(published: Published, seconds: float) -> str:
    return told(
        say(
            "[bold]{name}[/bold] is up, on Kogda {version}, after {seconds} s",
            name=published.workspace,
            version=version("kogda"),
            seconds=f"{seconds:.1f}",
        )
    )


def _show_lines(lines: Sequence[tuple[str, str, str]], head: str) -> None:
    width = max(len(value) for _, value, note in lines if note)
    console.print(f"\n  {head}\n")
    for label, value, note in lines:
        console.print(f"  [dim]{label:<8}[/dim]{value:<{width}}  [dim]{note}[/dim]".rstrip(), soft_wrap=True)
    console.print(f"\n  [dim]{told(say('Ctrl-C stops everything.'))}[/dim]\n")
    sys.stdout.flush()


def _key_hint(settings: Settings, published: Published) -> tuple[str, str]:
    if settings.write_key:
        return f"…{settings.write_key.get_secret_value()[-4:]}", say("from KOGDA_WRITE_KEY")
    if published.keys:
        return say("{n} in use", n=published.keys), "kogda keys list"
    return "kogda keys create shop", say("makes the key that your app sends with")


def _mail_hint(settings: Settings, url: str) -> tuple[str, str]:
    if settings.smtp_url:
        host = settings.smtp_url.get_secret_value().rpartition("@")[2].removeprefix("smtp://").removeprefix("smtps://")
        return say("through {host}", host=host), say("{url}/mailbox shows nothing then", url=url)
    return f"{url}/mailbox", say("every mail lands there; KOGDA_SMTP_URL sends for real")
