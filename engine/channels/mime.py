"""A mail as bytes, RFC 5322. What Python's mail classes make is looked at once more before it leaves."""

from __future__ import annotations

from binascii import b2a_qp
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from engine.channels import Handover
from engine.channels.addresses import safe_address, safe_mailbox, safe_text
from engine.errors import UnsafeHeader

#: Every header that a mail of ours may have, and each at most once.
HEADERS = (
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding"),
)

_POLICY = SMTP.clone(max_line_length=78)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP dialogue says, and what it carries."""

    sender: str
    recipient: str
    message_id: str  # with its angle brackets
    subject: str
    raw: bytes  # lines end with CRLF


def build_mail(handover: Handover) -> Envelope:
    """Raises UnsafeHeader, with the field and its value."""
    mail = handover.mail
    sender = safe_mailbox("from", mail.sender)
    recipient = safe_address("to", handover.address)
    subject = safe_text("subject", mail.subject.strip())
    message_id = f"<{handover.message}@{sender.address.rpartition('@')[2]}>"
    message = EmailMessage(_POLICY)
    message["From"] = _address(sender.name, sender.address)
    message["To"] = _address("", recipient)
    if mail.reply_to:
        reply_to = safe_mailbox("reply_to", mail.reply_to)
        message["Reply-To"] = _address(reply_to.name, reply_to.address)
    message["Subject"] = subject
    message["Date"] = format_datetime(handover.at)
    message["Message-ID"] = message_id
    _add_body(message, mail.text, mail.html)
    raw = message.as_bytes(policy=_POLICY)
    _check_header_lines(raw)
    return Envelope(sender=sender.address, recipient=recipient, message_id=message_id, subject=subject, raw=raw)


def _address(name: str, address: str) -> Address:
    user, _, domain = address.rpartition("@")
    return Address(display_name=name, username=user, domain=domain)


def _add_body(message: EmailMessage, text: str, html: str | None) -> None:
    if html is None:
        _fill(message, "plain", text)
    elif not text:
        _fill(message, "html", html)
    else:
        message["MIME-Version"] = "1.0"
        message["Content-Type"] = "multipart/alternative"
        for kind, content in (("plain", text), ("html", html)):
            part = EmailMessage(_POLICY)
            _fill(part, kind, content)
            del part["MIME-Version"]
            message.attach(part)


def _fill(part: EmailMessage, kind: str, content: str) -> None:
    """Quoted-printable by the C function: `set_content` does the same in Python, many times slower."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n")
    body = b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii")
    part["MIME-Version"] = "1.0"
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(body if body.endswith("\n") else body + "\n")


def _check_header_lines(raw: bytes) -> None:
    """The serialised head holds our headers only, each once: whatever a value became on its way through Python."""
    head = raw.partition(b"\r\n\r\n")[0]
    seen: set[str] = set()
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            continue
        name = line.partition(b":")[0].decode("latin-1")
        if name not in HEADERS or name in seen or b"\n" in line or b"\r" in line or b"\0" in line:
            raise UnsafeHeader("the head of the mail", name[:80])
        seen.add(name)
