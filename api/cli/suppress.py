"""`kogda suppress`: addresses that nothing is sent to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.with_database import with_database
from api.language import told
from api.suppression_files import address_on, read_addresses
from dsl.messages import say
from engine.config import read_settings
from engine.errors import ConfigurationError
from engine.storage.customers.suppressions import newest_suppressions, suppress, unsuppress
from engine.storage.database import Connection

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Addresses that nothing is sent to, service messages included: bounces, complaints, yours.",
)

Address = Annotated[str, typer.Argument(help="The address, or the phone number with its country.")]
Channel = Annotated[str, typer.Option(help="email, sms …")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")]

_AT_ONCE = 10_000
_LARGEST_FILE = 64 * 1024 * 1024
_SHOWN_MISTAKES = 50


@app.command("list")
def list_(
    channel: Annotated[str | None, typer.Option(help="Only of this channel.")] = None,
    address: Annotated[str, typer.Option(help="Only those that begin so.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    data: Data = None,
) -> None:
    """Show the newest."""
    rows = with_database(
        read_settings(data=data),
        lambda connection: newest_suppressions(connection, channel=channel, search=address, limit=limit),
    )
    titles = (say("channel"), say("address"), say("why"), say("said"), say("since (UTC)"))
    table = Table(*map(told, titles))
    for row in rows:
        table.add_row(row.channel, row.address, row.kind, row.reason, f"{row.at:%Y-%m-%d %H:%M}")
    Console().print(table)


@app.command()
def add(
    address: Address,
    channel: Channel = "email",
    reason: Annotated[str, typer.Option(help="Why: it is shown with every message that is stopped.")] = "by hand",
    data: Data = None,
) -> None:
    """Send nothing more to an address."""
    known = _known(address, channel)
    added = with_database(
        read_settings(data=data), lambda connection: suppress(connection, [(channel, known, reason)], kind="manual")
    )
    outcome = (
        say("{address} is suppressed", address=known)
        if added
        else say("{address} was suppressed already", address=known)
    )
    typer.echo(told(outcome))


@app.command()
def remove(address: Address, channel: Channel = "email", data: Data = None) -> None:
    """Take an address from the list."""
    known = address_on(channel, address) or address
    if not with_database(read_settings(data=data), lambda connection: unsuppress(connection, channel, known)):
        raise ConfigurationError(say("{address} is not on the list of {channel}", address=known, channel=channel))
    typer.echo(told(say("{address} may be written to again", address=known)))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An address a line, or CSV: address, reason.")],
    channel: Channel = "email",
    data: Data = None,
) -> None:
    """Put the addresses of a file on the list. Lines that are wrong are named; the others go in."""
    read = read_addresses(_content(file), channel)
    rows = [(channel, address, reason or "imported") for address, reason in read.addresses.items()]

    async def put(connection: Connection) -> int:
        parts = range(0, len(rows), _AT_ONCE)
        return sum([await suppress(connection, rows[start : start + _AT_ONCE], kind="import") for start in parts])

    added = with_database(read_settings(data=data), put) if rows else 0
    for mistake in read.mistakes[:_SHOWN_MISTAKES]:
        typer.echo(f"{file}: {told(mistake)}", err=True)
    if len(read.mistakes) > _SHOWN_MISTAKES:
        more = say("and {n} {n:line|lines} more", n=f"{len(read.mistakes) - _SHOWN_MISTAKES:,}")
        typer.echo(f"{file}: {told(more)}", err=True)
    known, wrong = len(rows) - added + read.doubles, len(read.mistakes)
    typer.echo(told(_outcome(added, known, wrong)))
    if wrong:
        raise typer.Exit(1)


def _outcome(added: int, known: int, wrong: int) -> str:
    return say(
        "{added} {added:address|addresses} imported; {known} {known:was|were} known already;"
        " {wrong} {wrong:line|lines} left out",
        added=f"{added:,}",
        known=f"{known:,}",
        wrong=f"{wrong:,}",
    )


def _known(address: str, channel: str) -> str:
    found = address_on(channel, address)
    if found is None:
        raise ConfigurationError(say("{address} is no address of {channel}", address=address, channel=channel))
    return found


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError(
                say("{file} is larger than {n} MiB; import it in parts", file=file, n=_LARGEST_FILE // 1024**2)
            )
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(say("{file} cannot be read: {why}", file=file, why=error.strerror)) from error
