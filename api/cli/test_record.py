"""`kogda test --record`: a test from what a customer really did."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from api.language import told
from api.opened_database import opened_connection
from api.simulating import stretch_of
from api.supervisor.services import connected
from dsl.messages import say
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.core.identity import typed_key
from engine.errors import ConfigurationError
from engine.storage.installation import partitions_of
from engine.testing.reading.ground import Workspace
from engine.testing.recording.histories import history_of
from engine.testing.recording.recorded import History, files_concerned, recorded

_SUFFIX = ".test.rules"


@dataclass(frozen=True, slots=True)
class Recording:
    title: str
    customer: str | None  # a userId, or a key
    since: str
    until: str | None
    out: Path | None  # None: standard output
    data: Path | None


def record_test(ready: Workspace, folder: Path, asked: Recording) -> None:
    """Writes to the file, or to standard output. Raises ConfigurationError."""
    if asked.customer is None:
        raise ConfigurationError(say('say whose history: kogda test --record "title" --customer 42 --from 30d'))
    path = _path_in(folder, asked.out) if asked.out is not None else None
    settings = read_settings(workspace=folder, data=asked.data)
    with connected(settings, makes_database=False) as whole:
        history = asyncio.run(_load(whole, asked))
    if history is None:
        raise ConfigurationError(say("there is no customer {key}", key=typed_key(asked.customer)))
    text = recorded(asked.title, history, ready, path=path or _own_path(history, ready))
    if asked.out is None:
        sys.stdout.write(text)
        return
    before = asked.out.read_text(encoding="utf-8") if asked.out.exists() else ""
    asked.out.write_text(f"{before.rstrip()}\n\n{text}" if before.strip() else text, encoding="utf-8")
    print(told(say('"{title}" is written to {path}: read it before you keep it', title=asked.title, path=asked.out)))


def _own_path(history: History, ready: Workspace) -> str:
    """Where a test of the first rule file that is concerned stands by itself."""
    files = files_concerned(history, ready)
    return (files[0] if files else "rules/recorded.rules").removesuffix(".rules") + _SUFFIX


def _path_in(folder: Path, out: Path) -> str:
    if not out.name.endswith(_SUFFIX) or not out.resolve().is_relative_to(folder.resolve()):
        raise ConfigurationError(say("--out {path}: write a file *.test.rules of this workspace", path=out))
    return out.resolve().relative_to(folder.resolve()).as_posix()


async def _load(settings: Settings, asked: Recording) -> History | None:
    stretch = stretch_of(asked.since, asked.until, now=utc_now())
    async with opened_connection(settings) as connection:
        partitions = await partitions_of(connection)
        return await history_of(
            connection, typed_key(asked.customer or ""), since=stretch.since, until=stretch.until, partitions=partitions
        )
