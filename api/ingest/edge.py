"""The Segment-shaped API as one ASGI application: nothing between the socket and the insert but what is needed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from api.ingest.batches import ENDPOINTS, Reading, items_of, read_items, with_common_fields
from api.ingest.browser import browser_settings
from api.ingest.in_hand import InHand
from api.ingest.items import Envelope
from api.ingest.payload import payload_of, too_large, unpacked
from api.server.auth import WriteKeys, key_in_header
from api.server.problems import Problem, database_trouble, incomplete_body, overloaded, unauthorized
from engine.clock import utc_now
from engine.config import Settings
from engine.errors import Overloaded
from engine.flow.accept_events import Accepted, EventWriter
from engine.storage.database import TROUBLE

CORS = {"access-control-allow-origin": "*"}
PREFLIGHT = {
    **CORS,
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, content-encoding, x-retry-count",
    "access-control-max-age": "86400",
}
_STRICT = frozenset({b"strict", b"strict=1", b"strict=true", b"strict=yes", b"strict=on"})
_DONE = b'{"success":true}'
_DONE_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_DONE)).encode()),
        (b"access-control-allow-origin", b"*"),
    ],
}
_DONE_BODY = {"type": "http.response.body", "body": _DONE}


class Gate(Protocol):
    def check(self) -> None:
        """Raises Overloaded while nothing more should come in."""


class Counts(Protocol):
    """What the metrics want to know."""

    def answered(self, endpoint: str, status: int, seconds: float) -> None: ...

    def accepted(self, accepted: Accepted, reading: Reading) -> None: ...

    def refused(self, short_of: str) -> None: ...


class IngestEdge:
    """Serves /v1. Mounted beside the management API, which has another front."""

    def __init__(
        self,
        *,
        settings: Settings,
        partitions: int,
        keys: WriteKeys,
        writer: EventWriter,
        gate: Gate,
        in_hand: InHand,
        counts: Counts,
    ) -> None:
        self._settings = settings
        self._partitions = partitions
        self._keys = keys
        self._writer = writer
        self._gate = gate
        self._in_hand = in_hand
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].partition("/v1/")[2].rstrip("/")
        endpoint = path if path in ENDPOINTS else "settings" if path.startswith("projects/") else "unknown"
        began = time.perf_counter()
        response = await self._answer(scope, receive, path)
        self._counts.answered(endpoint, response.status_code if response else 200, time.perf_counter() - began)
        if response is None:
            await send(_DONE_START)
            await send(_DONE_BODY)
        else:
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, path: str) -> Response | None:
        """None: stored."""
        try:
            if scope["method"] == "OPTIONS":
                return Response(status_code=204, headers=PREFLIGHT)
            if path in ENDPOINTS:
                _require_method(scope, "POST")
                await self._ingest(scope, receive, path)
                return None
            return await self._settings_of_key(scope, receive, path)
        except Problem as problem:
            return problem.response(CORS)
        except Overloaded as error:
            self._counts.refused(error.short_of)
            return overloaded(error).response(CORS)
        except TROUBLE:
            self._counts.refused("database")
            return database_trouble().response(CORS)

    async def _ingest(self, scope: Scope, receive: Receive, endpoint: str) -> None:
        self._gate.check()
        headers = dict(scope["headers"])
        key = key_in_header(headers.get(b"authorization", b"").decode("latin-1"))
        source = await self._source(key) if key is not None else None
        most = self._settings.max_batch_bytes
        body = unpacked(await _body(headers, receive, most=most, in_hand=self._in_hand), most)
        is_strict = not _STRICT.isdisjoint(scope["query_string"].lower().split(b"&"))
        with self._in_hand.taken(len(body)):
            await self._store(body, endpoint, source, is_strict=is_strict)

    async def _store(self, body: bytes, endpoint: str, source: str | None, *, is_strict: bool) -> None:
        payload = payload_of(body)
        if source is None:
            source = await self._source(_key_in_body(payload.content))
        items = items_of(payload.content, endpoint, self._settings.max_batch_events)
        envelope = Envelope(
            source=source,
            received_at=utc_now(),
            partitions=self._partitions,
            max_event_bytes=self._settings.max_event_bytes,
            kind=ENDPOINTS[endpoint],
            historical=endpoint == "import",
            may_hold_nul=payload.may_hold_nul,
            is_lenient=payload.is_lenient,
        )
        reading = read_items(items, with_common_fields(envelope, payload.content))
        if reading.rejects and is_strict:
            raise _rejected(reading, "nothing was stored")
        accepted = await self._writer.accept(reading.events, reading.rejects)
        self._counts.accepted(accepted, reading)
        if reading.rejects and envelope.kind is not None:
            raise _rejected(reading, "it is kept among the rejects")

    async def _source(self, key: str | None) -> str:
        source = await self._keys.source_of(key) if key else None
        if source is None:
            detail = "the write key is unknown or revoked" if key else "a write key is required"
            raise unauthorized("invalid_write_key", detail)
        return source

    async def _settings_of_key(self, scope: Scope, receive: Receive, path: str) -> Response:
        match path.split("/"):
            case ["projects", key, "settings"]:
                _require_method(scope, "GET", "HEAD")
                if await self._keys.source_of(key) is None:
                    raise Problem(404, "invalid_write_key", "no such write key")
                host = Request(scope, receive).headers.get("host", "localhost")
                return JSONResponse(browser_settings(key, host), headers=CORS)
            case _:
                raise Problem(404, "not_found", f"there is nothing at /v1/{path}")


def _require_method(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        allowed = ", ".join((*methods, "OPTIONS"))
        raise Problem(405, "method_not_allowed", f"use {methods[0]} here", headers={"allow": allowed})


async def _body(
    headers: dict[bytes, bytes], receive: Callable[[], Awaitable[Any]], *, most: int, in_hand: InHand
) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > most:
        raise too_large(most)
    parts, size = [], 0
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise incomplete_body()
            part = message.get("body", b"")
            if size + len(part) > most:
                raise too_large(most)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts) if len(parts) > 1 else parts[0]
            in_hand.arrives(len(part))
            size += len(part)
    finally:
        in_hand.arrived(size)


def _key_in_body(content: Any) -> str | None:
    key = content.get("writeKey") if isinstance(content, dict) else None
    return key if isinstance(key, str) else None


def _rejected(reading: Reading, outcome: str) -> Problem:
    count = len(reading.errors)
    detail = f"{count} event{'s' if count > 1 else ''} refused, {outcome}; see `errors`"
    return Problem(400, "events_rejected", detail, errors=reading.errors)
