"""`kogda export`: all that is held of a person, for the person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from api.cli.with_database import with_database
from dsl.messages import say
from engine.config import read_settings
from engine.core.identity import typed_key
from engine.errors import ConfigurationError
from engine.flow.customers.export_customer import export_customer
from engine.flow.customers.find_customer import NobodyThere
from engine.storage.database import Connection
from engine.storage.installation import partitions_of


def export(
    customer: Annotated[str, typer.Argument(help="The customer: a userId, or a key like u:42 or a:….")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; else it is printed.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Write all that is held of a person as JSON: attributes, consent, events, messages, and what came of them."""
    key = typed_key(customer)

    async def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        return await export_customer(connection, key, partitions=await partitions_of(connection))

    try:
        found = with_database(read_settings(data=data), read, makes_database=False)
    except NobodyThere:
        raise ConfigurationError(say("there is no customer {customer}", customer=key)) from None
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        typer.echo(text.decode(), nl=False)
        return
    try:
        output.write_bytes(text)
    except OSError as error:
        raise ConfigurationError(
            say("{path} cannot be written: {reason}", path=str(output), reason=error.strerror or "")
        ) from error
