"""`kogda migrate`: the database's tables."""

from __future__ import annotations

import asyncio

from api.cli.terminal import console
from api.supervisor.services import connected
from engine.config import read_settings
from engine.storage.migrate import migrate as bring_up_to_date


def migrate() -> None:
    """Bring the database to this version's tables. `kogda up` does it by itself."""
    with connected(read_settings()) as settings:
        assert settings.database_url is not None
        asyncio.run(bring_up_to_date(settings.database_url.get_secret_value()))
    console.print("The database has this version's tables.")
