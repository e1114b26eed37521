from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.embedded.redis import Redis


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A server that a test may kill. Not below pytest's own folder: the path of a socket must be short."""
    folder = Path(tempfile.mkdtemp(prefix="kogda-redis-"))
    server = Redis(sockets=folder, log=folder / "redis.log")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
