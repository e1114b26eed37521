"""Connections that stay open for a moment, to one address for one name alone: two names that share an address share no
connection, and a name that leads elsewhere begins a new one."""

from __future__ import annotations

import ssl
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

_TIMEOUT = httpx.Timeout(15, connect=5)
_AT_ONCE = 16  # to one host
#: Shorter than servers keep theirs: if one closes while we write, nobody knows whether the request arrived.
_KEPT_OPEN_S = 3.0
_MOST = 64


class Door(NamedTuple):
    scheme: str
    host: str
    port: int | None
    address: str  # looked at, and found to be public


@dataclass(slots=True)
class HostClients:
    trust: ssl.SSLContext | None = None  # None: the authorities that everybody trusts, or those of SSL_CERT_FILE
    _clients: OrderedDict[Door, httpx.AsyncClient] = field(default_factory=OrderedDict)
    _in_use: Counter[Door] = field(default_factory=Counter)

    @asynccontextmanager
    async def at(self, door: Door) -> AsyncIterator[httpx.AsyncClient]:
        client = self._clients.get(door)
        if client is None:
            client = self._clients[door] = self._opened()
        self._clients.move_to_end(door)
        self._in_use[door] += 1
        try:
            yield client
        finally:
            self._in_use[door] -= 1
            await self._close_oldest()

    async def close(self) -> None:
        clients, self._clients = self._clients, OrderedDict()
        for client in clients.values():
            await client.aclose()

    async def _close_oldest(self) -> None:
        unused = [door for door in self._clients if not self._in_use[door]]
        surplus = unused[: max(len(self._clients) - _MOST, 0)]
        # All leave the pool before the first is awaited: nobody can be given a client that is about to be closed.
        closing = [self._clients.pop(door) for door in surplus]
        for door in surplus:
            del self._in_use[door]
        for client in closing:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self.trust is None:
            self.trust = httpx.create_ssl_context()
        return httpx.AsyncClient(
            verify=self.trust,
            timeout=_TIMEOUT,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=_AT_ONCE, keepalive_expiry=_KEPT_OPEN_S),
        )
