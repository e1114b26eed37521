"""A mail as bytes, RFC 5322. Its head is looked at once more before it leaves."""

from __future__ import annotations

import re
from binascii import b2a_qp
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

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
#: As a mail of ours has them: in this order, values on lines that go on with a space.
_HEAD = re.compile(
    b"".join(rb"(?:%s: [^\r\n\0]*+(?:\r\n [^\r\n\0]*+)*+\r\n)?+" % re.escape(name).encode("ascii") for name in HEADERS)
    + rb"\r\n"
)
_KINDS = {
    kind: (f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n').encode(
        "ascii"
    )
    for kind in ("plain", "html")
}


class Envelope(NamedTuple):
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
    head = [f"From: {mailbox(sender)}", f"To: {recipient}"]
    if mail.reply_to:
        head.append(f"Reply-To: {mailbox(safe_mailbox('reply_to', mail.reply_to))}")
    head += [
        f"Subject: {words(subject)}",
        f"Date: {_date(handover.at.replace(microsecond=0))}",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        *_ways_out(mail.ways_out),
        *([f"X-PM-Metadata-kogda-message: {handover.message}"] if is_for_postmark else []),
        "",
    ]
    # Quoted-printable never holds `=_`, so no line of the body can look like the boundary.
    raw = "\r\n".join(head).encode("ascii") + _content(mail.text, mail.html, boundary=f"=_{handover.message.hex}")
    _check_head(raw)
    if mail.dkim:
        raw = b"".join([*(sign(raw, key, at=handover.at) for key in mail.dkim), raw])
    comes_back_to = safe_address("mail.bounces", mail.bounces_to) if mail.bounces_to else sender.address
    return Envelope(sender=comes_back_to, recipient=recipient, message_id=message_id, subject=subject, raw=raw)


@lru_cache(maxsize=16)  # to write one takes as long as the rest of the head
def _date(second: datetime) -> str:
    return format_datetime(second)


def _ways_out(addresses: tuple[str, ...]) -> list[str]:
    """Pressing the mail program's own button posts to the first of them, which must be https (RFC 8058)."""
    if not addresses:
        return []
    for address in addresses:
        if not _WAY_OUT.fullmatch(address):
            raise UnsafeHeader("the address to unsubscribe", address[:80])
    head = ["List-Unsubscribe: " + ",\r\n ".join(f"<{address}>" for address in addresses)]
    if addresses[0].startswith("https:"):
        head.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return head


def _content(text: str, html: str | None, *, boundary: str) -> bytes:
    """Headers of the content, an empty line, and the content."""
    if html is None:
        return _KINDS["plain"] + _encoded(text)
    if not text:
        return _KINDS["html"] + _encoded(html)
    head = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    mark = f"--{boundary}".encode("ascii")
    plain = mark + b"\r\n" + _KINDS["plain"] + _encoded(text)
    return head + plain + mark + b"\r\n" + _KINDS["html"] + _encoded(html) + mark + b"--\r\n"


def _encoded(content: str) -> bytes:
    """Ends with a line break. Lone surrogates, which no encoding knows, become question marks."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    return encoded if encoded.endswith(b"\r\n") else encoded + b"\r\n"


def _check_head(raw: bytes) -> None:
    """Our headers only, each once, whatever a value became on its way here."""
    if _HEAD.match(raw):
        return
    seen: set[str] = set()
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        name = line.partition(b":")[0].decode("latin-1")
        if line[:1] != b" " and (name not in HEADERS or name in seen):
            raise UnsafeHeader("the head of the mail", name[:80])
        seen.add(name)
    raise UnsafeHeader("the head of the mail", "a line break or a zero byte")
