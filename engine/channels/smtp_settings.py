"""KOGDA_SMTP_URL, read once: smtp://user:password@host:587, smtps://host:465."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.errors import ConfigurationError

_EXAMPLE = "smtp://user:password@mail.example.com:587 or smtps://mail.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTimeouts:
    """In seconds; RFC 5321 section 4.5.3.2. A shorter wait for the last answer makes doubles."""

    connect: float = 30
    command: float = 300  # greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT
    data: float = 120  # the answer to DATA
    block: float = 180  # no byte of the content could be written
    final: float = 600  # the answer to the final dot
    quit: float = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    host: str
    port: int
    implicit_tls: bool  # smtps://
    start_tls: bool | None  # None: when the server offers it
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ehlo: str = "[127.0.0.1]"  # how this machine introduces itself
    connections: int = 8
    idle_s: float = 20  # a connection unused for longer is closed: servers drop them without a word
    per_connection: int = 100  # mails; many servers limit it
    timeouts: SmtpTimeouts = field(default_factory=SmtpTimeouts)
    tls: ssl.SSLContext | None = field(default=None, repr=False)  # None: the system's certificates


def read_smtp_url(url: str) -> SmtpSettings:
    """Raises ConfigurationError. Query: `starttls=always|never`, `connections=8`, `ehlo=this.machine.example`."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationError(f"KOGDA_SMTP_URL is not like {_EXAMPLE}")
    try:
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"the port of KOGDA_SMTP_URL is not a number; write it like {_EXAMPLE}") from None
    options = dict(parse_qsl(parts.query))
    unknown = set(options) - {"starttls", "connections", "ehlo"}
    if unknown:
        known = "starttls, connections and ehlo"
        raise ConfigurationError(f"KOGDA_SMTP_URL has no option `{min(unknown)}`; there are {known}")
    implicit = parts.scheme == "smtps"
    return SmtpSettings(
        host=parts.hostname,
        port=port or (465 if implicit else 587),
        implicit_tls=implicit,
        start_tls=False if implicit else _start_tls(options.get("starttls"), has_login=parts.username is not None),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        ehlo=_own_name(options.get("ehlo")),
        connections=_connections(options.get("connections", "8")),
    )


def _start_tls(asked: str | None, *, has_login: bool) -> bool | None:
    if asked is None:
        # A password never goes out in clear, unless the operator says so.
        return True if has_login else None
    if asked not in ("always", "never"):
        raise ConfigurationError("starttls in KOGDA_SMTP_URL is `always` or `never`")
    return asked == "always"


def _own_name(asked: str | None) -> str:
    """A full name of this machine. Asking DNS for one may take seconds, so without one it is an address."""
    if asked is not None and not re.fullmatch(r"[A-Za-z0-9.\[\]:-]{1,255}", asked):
        raise ConfigurationError("ehlo in KOGDA_SMTP_URL is the full name of this machine, like app.example.com")
    name = asked or socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _connections(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise ConfigurationError("connections in KOGDA_SMTP_URL is a number from 1 to 100")
    return int(text)
