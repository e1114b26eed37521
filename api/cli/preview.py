"""`kogda preview`: a template as a reader would get it."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console
from api.language import told
from api.opened_database import opened_database
from api.supervisor.services import connected
from dsl.messages import say
from dsl.render import render_text
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.core.delivery.addresses import address_of
from engine.errors import ConfigurationError
from engine.flow.checking.load_workspace import read_ground
from engine.flow.checking.previewing import Ground, Reader, find_reader, preview_request
from engine.rendering.email import MailRequest, MailTemplates, RenderedMail
from engine.rendering.parts import parts_of
from engine.storage.installation import found_installation
from engine.workspace.files import read_files

Channel = Annotated[str, typer.Argument(help="email")]
Template = Annotated[str, typer.Argument(help="The template, without folder and ending.")]
CustomerOption = Annotated[str | None, typer.Option("--customer", metavar="ID", help="Somebody who exists: a userId.")]
LocaleOption = Annotated[str | None, typer.Option("--locale", metavar="LANGUAGE", help="ru, en-GB, …")]
WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", help="Folder with kogda.yaml.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded PostgreSQL and Redis.")]


def preview(
    channel: Channel,
    template: Template,
    customer: CustomerOption = None,
    sample: Annotated[bool, typer.Option("--sample", help="An invented reader; so it is without --customer.")] = False,
    locale: LocaleOption = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the HTML there.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    workspace: WorkspaceOption = None,
    data: DataOption = None,
) -> None:
    """Show a mail as one reader would get it: its subject and text here, its HTML in a file or the browser."""
    if sample and customer:
        raise ConfigurationError(say("--sample or --customer, not both"))
    settings = read_settings(workspace=workspace, data=data)
    request, mail = rendered(settings, channel, template, customer=customer, locale=locale)
    to = address_of(channel, email=request.customer.get("email"), phone=request.customer.get("phone"))
    console.print(told(say("[dim]To[/dim]       {to}", to=_shown(to))))
    _print_head(channel, mail)
    if mail.missing:
        console.print(told(say("[dim]Empty[/dim]    {names}", names=", ".join(mail.missing))))
    sys.stdout.write("\n" + mail.text.rstrip("\n") + "\n")
    written = _write(mail, out or (settings.data / "preview.html" if open_ else None))
    if written and open_:
        webbrowser.open(written.resolve().as_uri())
    elif written:
        console.print(told(say("\nWritten to {path}", path=written)))


def _print_head(channel: str, mail: RenderedMail) -> None:
    if channel == "email":
        console.print(told(say("[dim]Subject[/dim]  {subject}", subject=_shown(mail.subject))))
    if mail.title:
        console.print(told(say("[dim]Title[/dim]    {title}", title=_shown(mail.title))))
    for name, address in (("Link", mail.link), ("Image", mail.image)):
        if address:
            console.print(f"[dim]{name:8}[/dim] {_shown(address)}")
    for button in mail.buttons:
        shown = f"{button['text']} → {button.get('link') or button.get('press')}"
        console.print(told(say("[dim]Button[/dim]   {button}", button=_shown(shown))))
    if channel == "sms":
        parts = parts_of(mail.text.strip())
        size = say(
            "{count} of {alphabet}, {places} places", count=parts.count, alphabet=parts.alphabet, places=parts.places
        )
        console.print(told(say("[dim]Parts[/dim]    {size}", size=size)))


def rendered(
    settings: Settings, channel: str, template: str, *, customer: str | None, locale: str | None
) -> tuple[MailRequest, RenderedMail]:
    """From the workspace's files as they lie on disk. Raises ConfigurationError and TemplateFailed."""
    ground = workspace_ground(settings.workspace)
    reader = _found(settings, ground, channel, template, key=customer) if customer else None
    request = preview_request(ground, channel, template, now=utc_now(), locale=locale, reader=reader)
    return request, MailTemplates(ground.templates, channel).mail(request)


def workspace_ground(folder: Path) -> Ground:
    """Mistakes in templates and in the two YAML files are shown before anything else."""
    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(
            say("there is no kogda.yaml in {folder}; name the workspace with --workspace", folder=folder)
        )
    read = read_ground(read_files(folder))
    mistakes = [each for each in read.found if each.code.startswith("E")]
    if mistakes:
        sys.stderr.write(told(render_text(mistakes)) + "\n")
    return Ground(
        templates=read.templates,
        settings=read.settings.as_json(),
        attributes=read.catalog.attributes,
        properties={name: kind for event in read.catalog.events.values() for name, kind in event.properties.items()},
        timezone=read.catalog.timezone,
        currency=read.catalog.currency,
    )


def _found(settings: Settings, ground: Ground, channel: str, template: str, *, key: str) -> Reader:
    with connected(settings, makes_database=False) as whole:
        reader = asyncio.run(_load(whole, ground, channel, template, key=key))
    if reader is None:
        raise ConfigurationError(say("there is no customer {key}", key=key))
    return reader


async def _load(settings: Settings, ground: Ground, channel: str, template: str, *, key: str) -> Reader | None:
    async with opened_database(settings) as database:
        partitions = (await found_installation(database, settings.partitions)).partitions
        async with database.connection() as connection:
            return await find_reader(connection, ground, channel, template, key=key, partitions=partitions)


def _shown(value: object) -> str:
    return str(value or "").replace("[", "\\[")


def _write(mail: RenderedMail, path: Path | None) -> Path | None:
    if path is None:
        return None
    if mail.html is None:
        raise ConfigurationError(say("this template is a text and has no HTML"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mail.html, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            say("cannot write {path}: {reason}", path=error.filename or path, reason=error.strerror)
        ) from error
    return path
