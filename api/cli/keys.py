"""`kogda keys`: the write keys that apps send events with."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.with_database import with_database
from api.language import told
from dsl.messages import say
from engine.base64url import to_text
from engine.clock import utc_now
from engine.config import read_settings
from engine.links.customer_tokens import inbox_key, sign_customer
from engine.runtime import link_key
from engine.storage.database import Connection
from engine.storage.write_keys import WriteKey, all_write_keys, create_write_key, is_source_name, revoke_write_key

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Write keys, with which apps send events. A key can write and nothing else.",
)

Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Where the events come from: `shop`, `ios-app`. Keys may share a name.")],
    data: Data = None,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    if not is_source_name(name):
        typer.echo(
            told(
                say(
                    "kogda: `{name}` cannot be a name: use 1 to 64 letters, digits, dots, dashes, underscores",
                    name=name,
                )
            ),
            err=True,
        )
        raise typer.Exit(2)
    typer.echo(with_database(read_settings(data=data), lambda connection: create_write_key(connection, name)))


@app.command("list")
def list_(data: Data = None) -> None:
    """Show all keys, without their secrets."""
    table = Table("id", "name", "key", "made", "revoked")
    for key in with_database(read_settings(data=data), all_write_keys):
        table.add_row(*_row(key))
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `kogda keys list` shows, `wk_…`.")], data: Data = None
) -> None:
    """Refuse a key from now on: every API process has noticed after 3 seconds."""
    if not with_database(read_settings(data=data), lambda connection: revoke_write_key(connection, key_id)):
        typer.echo(
            told(say("kogda: there is no write key `{key_id}`; `kogda keys list` shows them", key_id=key_id)), err=True
        )
        raise typer.Exit(1)
    typer.echo(told(say("{key_id} is revoked", key_id=key_id)))


@app.command()
def webpush() -> None:
    """Make a key for push to browsers, and print it: for the variable that kogda.yaml names as web_key_env.

    Without one the installation has its own. Browsers that subscribed with another key must subscribe again.
    """
    typer.echo(to_text(secrets.token_bytes(32)))


@app.command()
def inbox(data: Data = None) -> None:
    """Print the key with which the shop's backend signs who reads an inbox. No page and no app may hold it."""
    typer.echo(inbox_key(with_database(read_settings(data=data), _link_key)))


@app.command("inbox-token")
def inbox_token(
    name: Annotated[str, typer.Argument(help="The userId of the customer.", metavar="USERID")], data: Data = None
) -> None:
    """Print a token that opens one customer's inbox for a day: to try it. Shops make their own."""
    key = inbox_key(with_database(read_settings(data=data), _link_key))
    typer.echo(sign_customer(key, name, until=utc_now() + timedelta(days=1)))


async def _link_key(connection: Connection) -> bytes:
    installed = await connection.fetchval("SELECT link_secret FROM installation")
    if installed is None:
        typer.echo(told(say("kogda: this database was never used; start `kogda up` once")), err=True)
        raise typer.Exit(1)
    return link_key(read_settings(), installed)


def _row(key: WriteKey) -> tuple[str, ...]:
    made, revoked = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.revoked_at))
    return key.id, key.name, f"{key.id}.…{key.last4}", made, revoked
