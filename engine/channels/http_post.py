"""Posts to addresses that people configured, and to nothing else: an answer is a status, everything else a reason.

The name is looked up here, every address that it has must be public, and the connection goes to the very address that
was looked at: a name that means something else a moment later leads nowhere else. Redirects are not followed, proxies
of the environment not used, and of the answer nothing is read but its status.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeAlias

import httpx

from engine.channels import Rejected, Sent, TryLater, Verdict
from engine.channels.host_rest import HostRest
from engine.channels.reachable import is_public
from engine.clock import utc_now

TOTAL = timedelta(seconds=20)  # from the first look at the name to the status
_TIMEOUT = httpx.Timeout(15, connect=5)
_AT_ONCE = 16  # to one host
_ADDRESSES = 3  # of one host that are tried
_LONGEST_PAUSE = timedelta(days=1)
#: Statuses besides 5xx that say: not now.
_LATER = frozenset({408, 425, 429})

_HOST = re.compile(rb"[A-Za-z0-9._:-]+")

#: Host and port to the addresses that the host has.
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`url` may hold a secret: it is never part of a reason."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Poster(Protocol):
    """One per process. `post` may be called many times at once. A verdict is a value, never an exception."""

    async def post(self, post: Post) -> Verdict: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    reason: str


async def system_addresses(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(slots=True)
class HttpPoster:
    """`allows_private` opens private networks and http://, for development."""

    allows_private: bool = False
    resolve: Resolve = system_addresses
    trust: ssl.SSLContext | None = None  # None: the authorities that everybody trusts, or those of SSL_CERT_FILE
    rest: HostRest = field(default_factory=HostRest)
    _client: httpx.AsyncClient | None = None
    _doors: dict[str, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
    )

    async def post(self, post: Post) -> Verdict:
        try:
            url = self._checked(post.url)
        except _Refused as refused:
            return Rejected(refused.reason)
        host = url.host
        async with self._doors[host]:
            if self.rest.is_resting(host):
                return TryLater(f"{host} does not answer", is_outage=True)
            verdict = await self._timely(url, post)
        if isinstance(verdict, TryLater):
            self.rest.failed(host)
        else:
            self.rest.answered(host)
        return verdict

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _checked(self, written: str) -> httpx.URL:
        try:
            url = httpx.URL(written)
        except (httpx.InvalidURL, ValueError) as error:
            raise _Refused("its address cannot be read") from error
        if not url.host or url.scheme not in ("https", "http"):
            raise _Refused("its address does not begin with https://")
        if url.scheme == "http" and not self.allows_private:
            raise _Refused("https only; for development, KOGDA_WEBHOOKS_PRIVATE=true")
        if not _HOST.fullmatch(url.raw_host) or not 0 < (url.port or 443) < 65536:
            raise _Refused("its address cannot be read")
        if url.userinfo:
            raise _Refused("its address holds a name or a password")
        return url

    async def _timely(self, url: httpx.URL, post: Post) -> Verdict:
        try:
            async with asyncio.timeout(TOTAL.total_seconds()):
                return await self._sent(url, post, await self._addresses(url))
        except _Refused as refused:
            return Rejected(refused.reason)
        except TimeoutError:
            return TryLater(f"{url.host} did not answer in {TOTAL.total_seconds():.0f} s")
        except (OSError, UnicodeError):
            return TryLater(f"{url.host} is not found")

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await self.resolve(url.raw_host.decode("ascii"), port)
        if not self.allows_private and not all(is_public(address) for address in found):
            raise _Refused(f"{url.host} leads into a private network; for development, KOGDA_WEBHOOKS_PRIVATE=true")
        return found

    async def _sent(self, url: httpx.URL, post: Post, addresses: Sequence[str]) -> Verdict:
        """By the first address that can be reached."""
        for address in addresses[:_ADDRESSES]:
            try:
                return await self._sent_to(address, url, post)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
            except httpx.TransportError as error:
                return TryLater(f"no answer from {url.host}: {type(error).__name__}")
        return TryLater(f"{url.host} cannot be reached")

    async def _sent_to(self, address: str, url: httpx.URL, post: Post) -> Verdict:
        client = self._client = self._client or self._opened()
        request = client.build_request(
            "POST",
            url.copy_with(host=address.partition("%")[0]),
            content=post.body,
            headers={**post.headers, "host": url.netloc.decode("ascii"), "user-agent": "Kogda"},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = await client.send(request, stream=True)
        await response.aclose()
        return verdict_of(response.status_code, response.headers.get("retry-after"), host=url.host, now=utc_now())

    def _opened(self) -> httpx.AsyncClient:
        # Nothing is kept open: a connection belongs to an address, and two names may share one.
        return httpx.AsyncClient(
            verify=self.trust or httpx.create_ssl_context(),
            timeout=_TIMEOUT,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )


def verdict_of(status: int, retry_after: str | None, *, host: str, now: datetime) -> Verdict:
    """What an answer means. A receiver knows a call by its id, so one that may have arrived can come again."""
    if 200 <= status < 300:
        return Sent(str(status))
    said = f"{host} answered {status}"
    if 300 <= status < 400:
        return Rejected(f"{said}; redirects are not followed")
    if status in _LATER or status >= 500:
        return TryLater(said, after=_pause(retry_after, now))
    return Rejected(said)


def _pause(retry_after: str | None, now: datetime) -> timedelta | None:
    """Seconds, or a date."""
    written = (retry_after or "").strip()
    if written.isascii() and written.isdigit():
        return min(timedelta(seconds=int(written[:9])), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), _LONGEST_PAUSE)
