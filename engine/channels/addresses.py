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

_NAMED = re.compile(r"\s*(?:\"(?P<quoted>[^\"\\]*)\"|(?P<name>[^<>\"]*?))\s*<(?P<address>[^<>]*)>\s*")

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


@lru_cache(maxsize=10_000)
def safe_address(field: str, value: str) -> str:
    """The address as the envelope carries it: ASCII, the domain in punycode. Raises UnsafeHeader."""
    safe_text(field, value)
    try:
        found = validate_email(
            value, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False, strict=True
        )
    except EmailNotValidError as error:
        raise UnsafeHeader(field, value[:80]) from error
    if not found.ascii_email:
        raise UnsafeHeader(field, value[:80])
    return found.ascii_email


@lru_cache(maxsize=1_000)
def safe_mailbox(field: str, value: str) -> Mailbox:
    """`Shop <hello@shop.example>`, `"Shop, Inc." <…>` or the address alone. Exactly one. Raises UnsafeHeader."""
    safe_text(field, value)
    named = _NAMED.fullmatch(value)
    if named is None:
        return Mailbox("", safe_address(field, value.strip()))
    name = named["quoted"] if named["quoted"] is not None else named["name"]
    return Mailbox(name.strip(), safe_address(field, named["address"].strip()))
