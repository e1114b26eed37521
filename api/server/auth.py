"""Write keys: who may send events."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from engine.storage.database import Database
from engine.storage.write_keys import all_write_keys, hash_of_key

REFRESH_S = 3.0  # a revoked key is refused, here and in every other process, after this long
REFRESH_FOR_UNKNOWN_S = 0.1  # how soon a key that is not known is looked for again
PROVIDED_SOURCE = "default"  # of events that come with KOGDA_WRITE_KEY


@dataclass(frozen=True, slots=True)
class _Known:
    source: str
    secret_hash: bytes


class WriteKeys:
    """All keys that are valid now, in memory: there are few, and a flood of wrong keys costs no database."""

    def __init__(
        self, database: Database, provided: SecretStr | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._provided = hash_of_key(provided.get_secret_value()) if provided else None
        self._known: dict[str, _Known] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def source_of(self, key: str) -> str | None:
        """The source that this key writes for; None for a wrong key. May raise what the database raises."""
        digest = hash_of_key(key)
        if self._provided is not None and hmac.compare_digest(self._provided, digest):
            return PROVIDED_SOURCE
        asked_at = self._clock()
        if asked_at - self._read_at > REFRESH_S:
            await self._read(asked_at)
        found = self._match(key, digest)
        if found is None and self._read_at < asked_at:
            await self._read(asked_at)  # it may have been created a moment ago, and 401 is final for clients
            found = self._match(key, digest)
        return found

    def _match(self, key: str, digest: bytes) -> str | None:
        known = self._known.get(key.partition(".")[0])
        if known is not None and hmac.compare_digest(known.secret_hash, digest):
            return known.source
        return None

    async def _read(self, asked_at: float) -> None:
        async with self._reading:
            if self._read_at >= asked_at:
                return  # somebody else read while we waited
            await asyncio.sleep(max(0.0, self._read_at + REFRESH_FOR_UNKNOWN_S - self._clock()))
            began = self._clock()
            async with self._database.connection() as connection:
                keys = await all_write_keys(connection)
            self._known = {key.id: _Known(key.name, key.secret_hash) for key in keys if key.revoked_at is None}
            self._read_at = began


def key_in_header(authorization: str | None) -> str | None:
    """The write key of `Basic KEY:` or `Bearer KEY`; None when there is no such header. "" when it is unreadable."""
    if not authorization:
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        user = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return user.partition(":")[0]
