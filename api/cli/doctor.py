"""`kogda doctor`: is everything as it should be?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from pydantic import SecretStr
from rich.table import Table

from api.cli.terminal import console
from api.doctor import OWN_CHECKS, SERVICE_CHECKS, Finding
from api.language import spoken, told
from api.supervisor.services import connected
from dsl.messages import say, translated
from engine.config import Settings, given_variables, read_settings, variable
from engine.errors import ConfigurationError

_MARKS = {
    "good": "[green]✓[/green]",
    "warning": "[yellow]![/yellow]",
    "problem": "[red]✗[/red]",
    "unknown": "[dim]?[/dim]",
}

_COLUMNS = (say("setting"), say("value"), say("from"))
_DESCRIPTION = 40  # signs: fewer say nothing


def doctor(
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """List the settings and check versions, services, clocks and the mail domain. Exit code 1 for a problem."""
    environment = given_variables()
    settings = read_settings(workspace=workspace, data=data)
    table = settings_table(settings, environment, width=console.width)
    console.print(table)
    if len(table.columns) == len(_COLUMNS):
        console.print(told(say("[dim]A wider terminal, and docs/settings.md, say what each of them is.[/dim]")))
    console.print()
    findings = [finding for check in OWN_CHECKS for finding in check(environment)]
    findings += _service_findings(settings)
    for finding in findings:
        console.print(_line(finding), soft_wrap=True)
    problems = sum(finding.state == "problem" for finding in findings)
    summary = say("{n} problem(s).", n=problems) if problems else say("All is well.")
    console.print(f"\n{told(summary)}")
    raise typer.Exit(1 if problems else 0)


def _service_findings(settings: Settings) -> list[Finding]:
    async def ask(whole: Settings) -> list[Finding]:
        answers = [await check(whole) for check in SERVICE_CHECKS]
        return [finding for answer in answers for finding in answer]

    try:
        with connected(settings, needs_redis=settings.redis_url is None) as whole:
            return asyncio.run(ask(whole))
    except ConfigurationError as error:
        return [Finding("problem", "services", error.args[0] if error.args else str(error))]


def settings_table(settings: Settings, environment: Mapping[str, str], *, width: int) -> Table:
    """With what each setting is where there is room: a value is never cut for it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    given = {name.upper() for name in environment}
    rows = [
        (
            variable(name),
            shown(getattr(settings, name)),
            told(say("set") if variable(name) in given else say("default")),
        )
        for name in Settings.model_fields
    ]
    for column in _COLUMNS:
        table.add_column(told(column), overflow="fold")
    taken = sum(max(len(row[place]) for row in rows) + 1 for place in range(len(_COLUMNS)))
    is_told = width - taken >= _DESCRIPTION
    if is_told:
        table.add_column(
            told(say("what it is")), style="dim", no_wrap=True, overflow="ellipsis", max_width=width - taken
        )
    for row, field in zip(rows, Settings.model_fields.values(), strict=True):
        table.add_row(*row, *([translated(field.description or "", spoken())] if is_told else []))
    return table


def shown(value: object) -> str:
    """A value as it may be printed: of a secret address the host, of any other secret its end."""
    if value is None:
        return told(say("none"))
    if not isinstance(value, SecretStr):
        return str(value)
    text = value.get_secret_value()
    if "://" not in text:
        return f"…{text[-4:]}"
    address = urlsplit(text)
    return f"{address.scheme}://…@{address.netloc.rpartition('@')[2]}{address.path}"


def _line(finding: Finding) -> str:
    advice = f"  [dim]{told(finding.advice)}[/dim]" if finding.advice else ""
    return f"{_MARKS[finding.state]} {finding.topic:<13} {told(finding.text)}{advice}"
