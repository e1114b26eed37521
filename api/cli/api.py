"""`kogda api`: the HTTP server alone."""

from __future__ import annotations

from typing import Annotated

import typer

from api.supervisor.part import PARTS
from api.supervisor.services import connected
from engine.config import read_settings


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Take events in and show the mailbox; in production, beside `kogda worker`."""
    with connected(read_settings(host=host, port=port), needs_redis=True) as settings:
        PARTS["api"](settings)
