"""What the routes of one application work with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.browser.inbox_streams import InboxStreams
from api.ingest.in_hand import InHand
from api.server.auth import WriteKeys
from api.server.gate import BacklogGate
from api.server.metrics import Metrics
from engine.channels.http_post import Poster
from engine.config import Settings
from engine.flow.accept_events import EventWriter
from engine.flow.answers.keep_hits import HitKeeper
from engine.flow.answers.take_callbacks import CallbackDesk
from engine.storage.database import Database
from engine.texts import Texts
from engine.waker import Waker


class ApiRuntime(Protocol):
    """What the API needs of engine.runtime.Runtime."""

    settings: Settings
    database: Database
    waker: Waker
    partitions: int
    link_key: bytes
    texts: Texts
    secrets: Mapping[str, str]
    stopping: asyncio.Event
    poster: Poster

    @property
    def reading(self) -> Database: ...


@dataclass(frozen=True, slots=True)
class Services:
    runtime: ApiRuntime
    keys: WriteKeys
    writer: EventWriter
    gate: BacklogGate
    in_hand: InHand
    metrics: Metrics
    hits: HitKeeper
    inbox_streams: InboxStreams
    callbacks: CallbackDesk
    #: Questions about texts are answered one at a time: they must not take the processor from events that come in.
    asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(services_of)]
