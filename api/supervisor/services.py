"""Where the database and Redis are for a command: configured, of a running `kogda up`, or started for the moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import SecretStr

from engine.config import Settings
from engine.embedded import EmbeddedServices, has_database, running_endpoints
from engine.errors import NoDatabase


@contextmanager
def connected(settings: Settings, *, needs_redis: bool = False, makes_database: bool = True) -> Iterator[Settings]:
    """The settings with both URLs filled in. Commands beside a running `kogda up` use its services.

    A command that does not need Redis starts nothing when the database is configured. One that only looks
    (`makes_database=False`) raises NoDatabase rather than start an empty one.
    """
    if settings.database_url and (settings.redis_url or not needs_redis):
        yield settings
        return
    running = running_endpoints(settings.data)
    if running:
        yield with_urls(settings, running.database_url, running.redis_url)
        return
    if not makes_database and not has_database(settings.data):
        raise NoDatabase(settings.data.resolve())
    with EmbeddedServices(settings.data) as services:
        yield with_urls(settings, services.postgres.url, services.redis.url)


def with_urls(settings: Settings, database_url: str, redis_url: str) -> Settings:
    """What the operator configured wins."""
    return settings.model_copy(
        update={
            "database_url": settings.database_url or SecretStr(database_url),
            "redis_url": settings.redis_url or SecretStr(redis_url),
        }
    )


def environment(settings: Settings, given: Mapping[str, str]) -> dict[str, str]:
    """`given` with the variables that make a child process read the same settings."""
    variables = dict(given)
    for name in ("database_url", "redis_url"):
        value = getattr(settings, name)
        if value:
            variables[f"KOGDA_{name.upper()}"] = value.get_secret_value()
    for name in ("workspace", "data"):
        variables[f"KOGDA_{name.upper()}"] = str(getattr(settings, name).resolve())
    for name in ("host", "port"):
        variables[f"KOGDA_{name.upper()}"] = str(getattr(settings, name))
    return variables
