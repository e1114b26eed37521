"""One database for all the worlds of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import asyncpg
import pytest

from engine.embedded import EmbeddedServices
from tests.simulation.sabotage import Sabotage
from tests.simulation.worlds import Report, simulation

Play = Callable[..., Report]


@pytest.fixture(scope="session")
def play(services: EmbeddedServices, template_database: str) -> Iterator[Play]:
    """A seed to what came of it."""
    url = services.endpoints.database_url

    async def make() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(f"CREATE DATABASE kogda_worlds TEMPLATE {template_database}")
        await connection.close()

    asyncio.run(make())
    with simulation(url.replace("/kogda?", "/kogda_worlds?")) as (runner, worlds):

        def play(seed: int, sabotage: Sabotage | None = None) -> Report:
            return runner.run(worlds.play(seed, sabotage))

        yield play
