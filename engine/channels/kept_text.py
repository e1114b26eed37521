"""A message of another channel as the mailbox page keeps it: a mail that never leaves."""

from __future__ import annotations

from binascii import b2a_qp
from email.utils import format_datetime

from engine.channels import Handover, Mail, Push
from engine.channels.addresses import safe_text
from engine.channels.headers import words
from engine.channels.mime import Envelope

_LONGEST = 120


def build_text(handover: Handover) -> Envelope:
    """Raises UnsafeHeader."""
    title, text = _shown(handover)
    message_id = f"<{handover.message}@mailbox.kogda>"
    recipient = safe_text("to", handover.address)
    head = [
        ("To", words(recipient)),
        ("Subject", words(title)),
        ("Date", format_datetime(handover.at)),
        ("Message-ID", message_id),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in head).encode("ascii")
    body = b2a_qp(text.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    raw = lines + b"\r\n" + body + b"\r\n"
    return Envelope(sender="", recipient=recipient, message_id=message_id, subject=title, raw=raw)


def _shown(handover: Handover) -> tuple[str, str]:
    """A line for the list, and everything that the reader would get."""
    content = handover.content
    assert not isinstance(content, Mail)
    if isinstance(content, Push):
        parts = [content.title, content.text, content.link or "", content.image or ""]
        return _line(content.title or content.text), "\n\n".join(part for part in parts if part)
    buttons = [f"[{each.text}] {each.link or each.press}" for each in content.buttons]
    return _line(content.text), "\n".join([content.text, *([""] if buttons else []), *buttons])


def _line(text: str) -> str:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).replace("=?", "= ?").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
