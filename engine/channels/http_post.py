"""Posts to addresses that people configured, and to nothing else: an answer is a status, everything else a reason.

The name is looked up here for each request, every address that it has must be public, and the connection goes to the
very address that was looked at, or is one that did: a name that means something else a moment later leads nowhere else.
Redirects are not followed, proxies of the environment not used. Of the answer of a call nothing is looked at but its
status; of a provider's, a little is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

import httpx

from engine.channels import Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.host_clients import Door, HostClients
from engine.channels.reachable import is_public
from engine.clock import utc_now
from engine.core.reasons.of_delivery import DOMAIN_SILENT
from engine.resting import Resting

TOTAL = timedelta(seconds=20)  # from the first look at the name to the status
_AT_ONCE = 16  # to one host
_ADDRESSES = 3  # of one host that are tried
_LONGEST_PAUSE = timedelta(days=1)
_MOST_READ = 64 * 1024  # bytes of a provider's answer
#: An answer that nobody reads is drained up to so many bytes and for so long, to reuse its connection.
_MOST_DRAINED, _DRAINS_S = 16 * 1024, 0.25
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
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider answered, its body cut where it is too long to be meant."""

    status: int
    body: bytes
    host: str
    kind: str = ""  # the content type
    retry_after: timedelta | None = None


class Asker(Protocol):
    """`ask` may be called many times at once. What became of a request that got no answer is a verdict."""

    async def ask(self, post: Post) -> Answer | Rejected | TryLater | Unknown: ...


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
    rest: Resting = field(default_factory=Resting)
    _clients: HostClients | None = None
    _doors: WeakValueDictionary[str, asyncio.Semaphore] = field(default_factory=WeakValueDictionary)  # of hosts in use

    async def post(self, post: Post) -> Verdict:
        """For receivers that recognise a call by its id: one that may have arrived is simply tried again."""
        answer = await self.ask(post, most_read=0)
        if isinstance(answer, Unknown):
            return TryLater(answer.reason)
        if not isinstance(answer, Answer):
            return answer
        verdict = verdict_of(answer)
        if isinstance(verdict, TryLater):
            self.rest.failed(answer.host)
        return verdict

    async def ask(self, post: Post, *, most_read: int = _MOST_READ) -> Answer | Rejected | TryLater | Unknown:
        """Unknown: the request was written completely, and no answer came."""
        try:
            url = self._checked(post.url)
        except _Refused as refused:
            return Rejected(refused.reason)
        host = url.host
        door = self._doors.setdefault(host, asyncio.Semaphore(_AT_ONCE))
        async with door:
            if self.rest.is_resting(host):
                return TryLater(DOMAIN_SILENT.of(domain=host), is_outage=True)
            answer = await self._timely(url, post, most_read)
        if isinstance(answer, TryLater | Unknown):
            self.rest.failed(host)
        elif not isinstance(answer, Answer) or not _is_later(answer.status):
            self.rest.answered(host)
        return answer

    async def close(self) -> None:
        if self._clients is not None:
            await self._clients.close()

    def _at(self, url: httpx.URL, address: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        if self._clients is None:
            self._clients = HostClients(self.trust)
        return self._clients.at(Door(url.scheme, url.host, url.port, address))

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

    async def _timely(self, url: httpx.URL, post: Post, most_read: int) -> Answer | Rejected | TryLater | Unknown:
        request = _Request(url, post, most_read)
        try:
            async with asyncio.timeout(TOTAL.total_seconds()):
                return await self._sent(request, await self._addresses(url))
        except _Refused as refused:
            return Rejected(refused.reason)
        except TimeoutError:
            return request.lost(f"{url.host} did not answer in {TOTAL.total_seconds():.0f} s")
        except (OSError, UnicodeError):
            return TryLater(f"{url.host} is not found")

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await self.resolve(url.raw_host.decode("ascii"), port)
        if not self.allows_private and not all(is_public(address) for address in found):
            raise _Refused(f"{url.host} leads into a private network; for development, KOGDA_WEBHOOKS_PRIVATE=true")
        return found

    async def _sent(self, request: _Request, addresses: Sequence[str]) -> Answer | TryLater | Unknown:
        """Over the first of the addresses that can be reached."""
        for address in addresses[:_ADDRESSES]:
            try:
                return await self._sent_to(address, request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
            except httpx.TransportError as error:
                return request.lost(f"no answer from {request.url.host}: {type(error).__name__}")
        return TryLater(f"{request.url.host} cannot be reached")

    async def _sent_to(self, address: str, request: _Request) -> Answer:
        url = request.url
        async with self._at(url, address) as client:
            response = await client.send(_built(client, address, request), stream=True)
            try:
                body = await _beginning(response, request.most_read)
                await _read_to_its_end(response)
            finally:
                await response.aclose()
        return Answer(
            status=response.status_code,
            body=body,
            host=url.host,
            kind=response.headers.get("content-type", ""),
            retry_after=pause(response.headers.get("retry-after"), utc_now()),
        )


def _built(client: httpx.AsyncClient, address: str, request: _Request) -> httpx.Request:
    """A request to this very address that names the host in its Host header and in TLS."""
    url, post = request.url, request.post
    ours = {"host": url.netloc.decode("ascii"), "user-agent": "Kogda", "accept-encoding": "identity"}
    return client.build_request(
        post.method,
        url.copy_with(host=address.partition("%")[0]),
        content=post.body,
        headers={**post.headers, **ours},
        extensions={"sni_hostname": url.raw_host.decode("ascii"), "trace": request.trace},
    )


@dataclass(slots=True)
class _Request:
    url: httpx.URL
    post: Post
    most_read: int
    is_written: bool = False  # to the last byte

    async def trace(self, name: str, _info: Mapping[str, Any]) -> None:
        if name.endswith("send_request_body.complete"):
            self.is_written = True

    def lost(self, reason: str) -> TryLater | Unknown:
        return Unknown(reason) if self.is_written else TryLater(reason)


async def _beginning(response: httpx.Response, most: int) -> bytes:
    """At most `most` bytes of the body."""
    read = b""
    if most:
        async for part in response.aiter_raw():
            read += part
            if len(read) >= most:
                break
    return read[:most]


async def _read_to_its_end(response: httpx.Response) -> None:
    """Read and discard the rest of a short answer, so that its connection can be used again."""
    length = response.headers.get("content-length", "")
    if response.is_stream_consumed or not (length.isascii() and length.isdigit() and int(length[:9]) <= _MOST_DRAINED):
        return
    with contextlib.suppress(TimeoutError, httpx.TransportError):
        async with asyncio.timeout(_DRAINS_S):
            async for _ in response.aiter_raw():
                pass


def _is_later(status: int) -> bool:
    return status in _LATER or status >= 500


def verdict_of(answer: Answer) -> Verdict:
    """What an answer to a call means."""
    if 200 <= answer.status < 300:
        return Sent(str(answer.status))
    said = f"{answer.host} answered {answer.status}"
    if 300 <= answer.status < 400:
        return Rejected(f"{said}; redirects are not followed")
    if _is_later(answer.status):
        return TryLater(said, after=answer.retry_after)
    return Rejected(said)


def pause(retry_after: str | None, now: datetime) -> timedelta | None:
    """Of a header Retry-After: seconds, or a date."""
    written = (retry_after or "").strip()
    if written.isascii() and written.isdigit():
        return min(timedelta(seconds=int(written[:9])), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), _LONGEST_PAUSE)
