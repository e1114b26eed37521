"""The API in a process of its own, whose memory says something."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psutil

from engine.config import Settings
from tests.api.conftest import LiveServer, live


@contextmanager
def apart(settings: Settings, **deadlines: Any) -> Iterator[tuple[LiveServer, psutil.Process]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(settings, theirs, deadlines), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        assert ours.poll(60)
        yield ours.recv(), psutil.Process(process.pid)
        ours.send("enough")
        process.join(30)
    finally:
        process.kill()
        process.join()


def _serve(settings: Settings, pipe: Connection, deadlines: dict[str, Any]) -> None:
    with live(settings, **deadlines) as server:
        pipe.send(server)
        pipe.recv()
