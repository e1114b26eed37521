"""A Redis that is found by asking Sentinels: `redis+sentinel://user:password@one:26379,two:26379/0?master=kogda`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEME = "redis+sentinel"
_PORT = 26379
_MASTER = "mymaster"  # as Sentinel's own sample calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels:
    hosts: tuple[tuple[str, int], ...]
    master: str
    database: int
    username: str | None = field(default=None, repr=False)  # of Redis itself, not of the Sentinels
    password: str | None = field(default=None, repr=False)

    def client_options(self) -> dict[str, Any]:
        return {"db": self.database, "username": self.username, "password": self.password}


def sentinels_of(url: str) -> Sentinels | None:
    """None: an ordinary address. Raises ValueError when a part of it cannot be read."""
    parts = urlsplit(url)
    if parts.scheme != SCHEME:
        return None
    user, _, hosts = parts.netloc.rpartition("@")
    username, _, password = user.partition(":")
    return Sentinels(
        hosts=tuple(_host(each) for each in hosts.split(",")),
        master=parse_qs(parts.query).get("master", [_MASTER])[0],
        database=int(parts.path.strip("/") or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
    )


def _host(text: str) -> tuple[str, int]:
    name, colon, port = text.strip().rpartition(":") if not text.endswith("]") else (text, "", "")
    name, port = (name, port) if colon else (text.strip(), str(_PORT))
    if not name:
        raise ValueError("a Sentinel without a name")
    return name.strip("[]"), int(port)
