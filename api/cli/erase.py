"""`kogda erase`: a person who wants to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.language import told
from api.supervisor.services import connected
from dsl.messages import say
from engine.config import Settings, read_settings
from engine.core.identity import typed_key
from engine.errors import ConfigurationError
from engine.flow.customers.erase_customer import Erased, erase_customer
from engine.flow.customers.find_customer import NobodyThere
from engine.runtime import open_runtime
from engine.waker import NullWaker

#: A worker that died with a message in its hands is taken for dead after 45 seconds.
_PATIENCE = timedelta(seconds=60)


def erase(
    customer: Annotated[str, typer.Argument(help="The customer: a userId, or a key like u:42 or a:….")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Erase a person: nothing more goes out, and nothing is left but a hash of the addresses. There is no way back."""
    key = typed_key(customer)
    if not yes:
        typer.echo(told(say("All that is held of {customer} will be gone for good.", customer=key)))
        if typer.prompt(told(say("Type the customer again"))) not in (customer, key):
            raise ConfigurationError(say("that is not the same customer: nothing was erased"))
    with connected(read_settings(data=data), makes_database=False) as settings:
        erased = asyncio.run(_erase(key, settings))
    typer.echo(
        told(
            say(
                "{customer} is erased: {n} {n:row|rows} removed, or kept for figures without saying whose they are",
                customer=key,
                n=sum(erased.rows.values()),
            )
        )
    )


async def _erase(key: str, settings: Settings) -> Erased:
    async with open_runtime(settings, waker=NullWaker()) as runtime:
        try:
            return await erase_customer(runtime, key, patience=_PATIENCE)
        except NobodyThere:
            raise ConfigurationError(say("there is no customer {customer}", customer=key)) from None
