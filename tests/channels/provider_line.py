"""One HTTP provider on this machine, and a channel that leads to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from engine.channels import Text
from engine.channels.http_post import HttpPoster
from engine.channels.registry import Registry
from tests.channels.conformance import FarEnd
from tests.channels.http_sink import HttpSink

RETRY = "retry-after: 30"
Said = Mapping[str, str]


@dataclass
class Line:
    """One HTTP provider on this machine."""

    sink: HttpSink
    said: Said

    def answers(self, kind: str) -> None:
        if kind == "gone":
            self.sink.close()
        else:
            self.sink.script = lambda _: "drop" if kind == "lost" else self.said[kind]


@asynccontextmanager
async def line(said: Said) -> AsyncIterator[tuple[Line, HttpPoster]]:
    sink, poster = HttpSink(), HttpPoster(allows_private=True)
    async with sink.running():
        yield Line(sink, said), poster
    await poster.close()


def registry(poster: HttpPoster, secrets: Mapping[str, str], *, is_real: bool = True) -> Registry:
    async def keep(*_: object) -> None:
        raise AssertionError

    return Registry(poster, secrets, keep, is_real=is_real)


def far_end(
    line: Line, poster: HttpPoster, settings: dict[str, Any], secrets: Mapping[str, str], **more: Any
) -> FarEnd:
    name = more.get("channel_name", "sms")
    workspace = {"channels": {name: settings}}
    channel = registry(poster, secrets).find(name, workspace)
    nobody = registry(poster, {}).find(name, workspace)
    assert channel is not None and nobody is not None
    return FarEnd(
        channel=channel,
        answers=line.answers,
        requests=lambda: line.sink.requests,
        without_credentials=lambda: nobody,
        secrets=tuple(secrets.values()),
        **({"content": Text(text="Ваш кофе ждёт"), "address": "+49 170 1234567", "bad_address": "0170 1234567"} | more),
    )


TWILIO_SETTINGS = {"provider": "twilio", "account": "AC1", "token_env": "TOKEN", "from": "+15005550006"}
