"""Mails about mails: that one could not be delivered (RFC 3464), or that somebody called it spam (RFC 5965).

They come from anywhere and may hold anything: what cannot be understood is no report, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Any
from uuid import UUID

from engine.callbacks import Report
from engine.callbacks.reading import message_of
from engine.links.bounce_addresses import message_of_address
from engine.storage.kept_words import storable

#: What of a mail is read. The reports come before the mail that they are about.
LONGEST = 1024 * 1024
_MOST_PARTS, _DEEPEST, _MOST_RECIPIENTS = 60, 8, 50
_LONGEST_TEXT = 300

#: Statuses of RFC 3463 that say the address itself is dead; others may pass: full, blocked, too large.
_DEAD = re.compile(r"5\.(?:1\.(?:0|1|2|3|4|6|10)|2\.1|4\.4)")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_MESSAGE_ID = re.compile(rb"(?im)^(?:>\s*)?(?:message-id|references|in-reply-to):\s*(<[^<>\s]{1,300}>)")
#: Where a mail server says whom a mail came to.
_TO = frozenset({"to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"})
_MAIL_SERVERS = ("mailer-daemon", "postmaster", "mail delivery")
_REFUSED = re.compile(r"\b(5\.\d{1,3}\.\d{1,3})\b[^\r\n]{0,200}")
_ADDRESS = re.compile(r"[^\s<>;,\"']{1,256}@[^\s<>;,\"']{1,256}")
#: What the standard library raises for mails that nobody should have written.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list", "miscategorized", "other"})


def reports_of(raw: bytes, now: datetime, key: bytes) -> list[Report]:
    """Of one mail; empty when it is no report, or one about a mail that is none of ours. `key` signs the addresses
    that bounces come back to."""
    raw = raw[:LONGEST]
    if raw.lower().count(b"boundary") > _MOST_PARTS:
        return []
    try:
        parts = list(_parts(message_from_bytes(raw)))
        named = _addressee(parts[0], key)
        ours = named or _message_in(parts, raw)
        if ours is None:
            return []
        found = [*_failures(parts, ours, now), *_complaints(parts, ours, now)][:_MOST_RECIPIENTS]
        if named is None:
            return found
        # It may have been forwarded on its way: what we wrote to is meant, whatever the report calls it.
        return [replace(each, address=None) for each in found] or _in_words(parts, ours, now)
    except _BROKEN:
        return []


def _parts(mail: Message[str, str]) -> Iterator[Message[str, str]]:
    """The mail and what is in it, not deeper and not more than anybody would write."""
    waiting: list[tuple[Message[str, str], int]] = [(mail, 0)]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part, depth = waiting.pop(0)
        seen += 1
        yield part
        inner: Any = part.get_payload()
        if isinstance(inner, list) and depth < _DEEPEST:
            waiting += [(each, depth + 1) for each in inner if isinstance(each, Message)]


def _addressee(mail: Message[str, str], key: bytes) -> UUID | None:
    """Whose bounce address it came to, which nobody can make up."""
    given = (_plain(value) for name, value in mail.items() if name.lower() in _TO)
    return next((found for value in given if (found := message_of_address(key, value))), None)


def _in_words(parts: list[Message[str, str]], ours: UUID, now: datetime) -> list[Report]:
    """Of an old mail server, which tells it to people. Somebody's answer from a holiday comes here, too."""
    writer = (_first(parts[0], "from") or "").lower()
    if not any(name in writer for name in _MAIL_SERVERS):
        return []
    text = b" ".join(body for part in parts[:3] if isinstance(body := part.get_payload(decode=True), bytes))
    status = _REFUSED.search(text.decode("utf-8", "replace"))
    if status is None:
        return []
    return [
        Report(
            kind="bounced",
            at=now,
            message=ours,
            hard=bool(_DEAD.fullmatch(status[1])),
            reason=status[0][:_LONGEST_TEXT],
        )
    ]


def _message_in(parts: list[Message[str, str]], raw: bytes) -> UUID | None:
    """Ours, from the head of the mail that it is about. That head may be a mail, a text, or quoted."""
    for part in parts[1:]:
        if found := message_of(_first(part, "message-id")):
            return found
    bodies = [raw, *(body for part in parts if isinstance(body := part.get_payload(decode=True), bytes))]
    for body in bodies:
        for match in _MESSAGE_ID.finditer(body):
            if found := message_of(match[1].decode("ascii", "replace")):
                return found
    return None


def _failures(parts: list[Message[str, str]], ours: UUID, now: datetime) -> Iterator[Report]:
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _blocks(part):
            action = (block.get("action") or "").lower().partition(" ")[0]
            if action not in ("failed", "delivered"):
                continue  # delayed: it is tried again; relayed and expanded say nothing
            status = _STATUS.search(block.get("status") or "") or _STATUS.search(block.get("diagnostic-code") or "")
            said = block.get("diagnostic-code") or block.get("status") or ""
            yield Report(
                kind="bounced" if action == "failed" else "delivered",
                at=now,
                address=_address(block.get("original-recipient")) or _address(block.get("final-recipient")),
                message=ours,
                hard=action == "failed" and bool(status and _DEAD.fullmatch(status[0])),
                reason=" ".join(said.partition(";")[2].split() or said.split())[:_LONGEST_TEXT] or None,
            )


def _complaints(parts: list[Message[str, str]], ours: UUID, now: datetime) -> Iterator[Report]:
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        for block in _blocks(part):
            sort = (block.get("feedback-type") or "").lower().strip()
            if sort in _COMPLAINTS:
                address = _address(block.get("original-rcpt-to")) or _address(block.get("removal-recipient"))
                yield Report(kind="complained", at=now, address=address, message=ours, reason=sort)


def _blocks(part: Message[str, str]) -> Iterator[dict[str, str]]:
    """Fields by lower-case name: Python reads some of these parts as mails within mails, others as texts."""
    inner: Any = part.get_payload()
    if isinstance(inner, list):
        for each in inner[:_MOST_RECIPIENTS]:
            fields = {name.lower(): _plain(value) for name, value in each.items()}
            yield fields | _fields(each.get_payload(decode=True))
        return
    body = part.get_payload(decode=True)
    for block in re.split(rb"\r?\n[ \t]*\r?\n", body if isinstance(body, bytes) else b"")[:_MOST_RECIPIENTS]:
        yield _fields(block)


def _fields(body: Any) -> dict[str, str]:
    if not isinstance(body, bytes):
        return {}
    text = re.sub(r"\r?\n[ \t]+", " ", body.decode("utf-8", "replace"))
    pairs = (line.partition(":") for line in text.splitlines()[:200])
    return {name.strip().lower(): _plain(value) for name, colon, value in pairs if colon}


def _first(part: Message[str, str], name: str) -> str | None:
    found = part.get(name)
    return _plain(found) if found is not None else None


def _plain(value: Any) -> str:
    return storable(str(value))[:1000].strip()


def _address(written: str | None) -> str | None:
    """`rfc822;anna@example.com`, `<anna@example.com>`."""
    match = _ADDRESS.search((written or "").rpartition(";")[2])
    return match[0] if match else None
