"""A mail as bytes, RFC 5322. Its head is looked at once more before it leaves."""

from __future__ import annotations

import re
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from engine.channels import Handover, Mail
from engine.channels.addresses import safe_address, safe_mailbox, safe_text
from engine.channels.dkim import sign
from engine.channels.headers import mailbox, words
from engine.errors import UnsafeHeader

_WAY_OUT = re.compile(r"(https?|mailto):[!#-;=?-~]{1,900}")

#: Every header that a mail of ours may have, and each at most once.
HEADERS = (
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
    "X-PM-Metadata-kogda-message",  # Postmark takes it out, and tells it back when it reports
    *("Content-Type", "Content-Transfer-Encoding"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP dialogue says, and what it carries."""

    sender: str
    recipient: str
    message_id: str  # with its angle brackets
    subject: str
    raw: bytes  # lines end with CRLF


def build_mail(handover: Handover, *, is_for_postmark: bool = False) -> Envelope:
    """Raises UnsafeHeader, with the field and its value."""
    mail = handover.content
    assert isinstance(mail, Mail)  # the flow makes the content by the channel
    sender = safe_mailbox("from", mail.sender)
    recipient = safe_address("to", handover.address)
    subject = safe_text("subject", mail.subject.strip())
    message_id = f"<{handover.message}@{sender.address.rpartition('@')[2]}>"
    head = [("From", mailbox(sender)), ("To", recipient)]
    if mail.reply_to:
        head.append(("Reply-To", mailbox(safe_mailbox("reply_to", mail.reply_to))))
    head += [
        ("Subject", words(subject)),
        ("Date", _date(handover.at.replace(microsecond=0))),
        ("Message-ID", message_id),
        ("MIME-Version", "1.0"),
        *_ways_out(mail.ways_out),
        *([("X-PM-Metadata-kogda-message", str(handover.message))] if is_for_postmark else []),
    ]
    # Quoted-printable never holds `=_`, so no line of the body can look like the boundary.
    kind, body = _body(mail.text, mail.html, boundary=f"=_{handover.message.hex}")
    raw = _lines([*head, *kind]) + b"\r\n" + body
    _check_head(raw)
    raw = b"".join([*(sign(raw, key, at=handover.at) for key in mail.dkim), raw])
    comes_back_to = safe_address("mail.bounces", mail.bounces_to) if mail.bounces_to else sender.address
    return Envelope(sender=comes_back_to, recipient=recipient, message_id=message_id, subject=subject, raw=raw)


@lru_cache(maxsize=16)  # to write one takes as long as the rest of the head
def _date(second: datetime) -> str:
    return format_datetime(second)


def _ways_out(addresses: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pressing the mail program's own button posts to the first of them, which must be https (RFC 8058)."""
    if not addresses:
        return []
    for address in addresses:
        if not _WAY_OUT.fullmatch(address):
            raise UnsafeHeader("the address to unsubscribe", address[:80])
    head = [("List-Unsubscribe", ",\r\n ".join(f"<{address}>" for address in addresses))]
    if addresses[0].startswith("https:"):
        head.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return head


def _body(text: str, html: str | None, *, boundary: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers of the content, and the content."""
    if html is None:
        return _kind("plain"), _encoded(text)
    if not text:
        return _kind("html"), _encoded(html)
    mark = f"--{boundary}".encode()
    parts = [
        mark + b"\r\n" + _lines(_kind(kind)) + b"\r\n" + _encoded(content)
        for kind, content in (("plain", text), ("html", html))
    ]
    return [("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"')], b"".join(parts) + mark + b"--\r\n"


def _kind(kind: str) -> list[tuple[str, str]]:
    return [("Content-Type", f'text/{kind}; charset="utf-8"'), ("Content-Transfer-Encoding", "quoted-printable")]


def _encoded(content: str) -> bytes:
    """Ends with a line break. Lone surrogates, which no encoding knows, become question marks."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    return encoded if encoded.endswith(b"\r\n") else encoded + b"\r\n"


def _lines(headers: list[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")


def _check_head(raw: bytes) -> None:
    """Our headers only, each once, whatever a value became on its way here."""
    seen: set[str] = set()
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line[:1] == b" ":
            continue
        name = line.partition(b":")[0].decode("latin-1")
        if name not in HEADERS or name in seen or b"\n" in line or b"\r" in line or b"\0" in line:
            raise UnsafeHeader("the head of the mail", name[:80])
        seen.add(name)
