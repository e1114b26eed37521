"""Mail addresses and header texts that cannot carry a second header, recipient or command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from engine.errors import UnsafeHeader

#: C0 and C1 controls, the line breaks of Unicode, lone surrogates, and the start of an encoded word, which Python's
#: own mail classes decode on the way out: `=?utf-8?q?a=0D=0ABcc:x?=` would become a real `Bcc:` line.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\\?")

_NAMED = re.compile(r"(?:\"(?P<quoted>[^\"\\]*)\"\s*|(?P<name>[^<>\"]*))<(?P<address>[^<>]*)>")

#: Local parts that need no second look: atoms between single dots (RFC 5322, 3.2.3).
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
MAX_LOCAL, MAX_ADDRESS = 64, 254  # RFC 5321, 4.5.3.1, and what is left of a path without its brackets

MAX_HEADER = 900  # code points: a line of a mail has at most 998 bytes, folded ones may be longer


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, perhaps empty, and an address in ASCII."""

    name: str
    address: str


def safe_text(field: str, value: str) -> str:
    """Raises UnsafeHeader. Looked at after rendering, whoever wrote the template."""
    if _UNSAFE.search(value) or len(value) > MAX_HEADER:
        raise UnsafeHeader(field, value[:80])
    return value


def safe_address(field: str, value: str) -> str:
    """The address as the envelope carries it: ASCII, the domain in punycode. Raises UnsafeHeader."""
    safe_text(field, value)
    local, _, domain = value.rpartition("@")
    if len(value) <= MAX_ADDRESS and len(local) <= MAX_LOCAL and _PLAIN.fullmatch(local):
        # Everyone's local part is another; the domains, which take long to judge, are few.
        known = _judged(f"a@{domain}")
        found = known and f"{local}{known[1:]}"
    else:
        found = _judged(value)
    if not found:
        raise UnsafeHeader(field, value[:80])
    return found


@lru_cache(maxsize=10_000)
def _judged(address: str) -> str | None:
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False, strict=True
        )
    except EmailNotValidError:
        return None
    return found.ascii_email


@lru_cache(maxsize=1_000)
def safe_mailbox(field: str, value: str) -> Mailbox:
    """`Shop <hello@shop.example>`, `"Shop, Inc." <…>` or the address alone. Exactly one. Raises UnsafeHeader."""
    safe_text(field, value)
    named = _NAMED.fullmatch(value.strip())
    if named is None:
        return Mailbox("", safe_address(field, value.strip()))
    name = named["quoted"] if named["quoted"] is not None else named["name"]
    return Mailbox(name.strip(), safe_address(field, named["address"].strip()))
