"""What a server's answer means for a message."""

from __future__ import annotations

import re

from engine.channels import Rejected, TryLater, Verdict

#: Answers to RCPT that say the address itself is dead (RFC 3463): no such mailbox, moved, bad syntax, no mail here.
_DEAD = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b|\b5\.2\.1\b")
#: 550 is also the answer of spam filters and blocked senders (5.7.x, 4.x); those say nothing of the address.
_BLOCKED = re.compile(r"\b5\.[4-7]\.\d|spam|block|black ?list|reputation|policy|denied|relay", re.IGNORECASE)


def verdict_of(verb: str, code: int, message: str) -> Verdict:
    """For any answer that is not a success. A permanent one to RCPT that names the mailbox suppresses the address."""
    reason = f"{verb} answered {code} {' '.join(message.split())[:200]}".rstrip()
    if not 500 <= code <= 599:
        return TryLater(reason)
    return Rejected(reason, suppress=verb == "RCPT" and _is_dead(code, message))


def _is_dead(code: int, message: str) -> bool:
    if _DEAD.search(message):
        return True
    return code in (550, 551, 553) and not re.search(r"\b5\.\d+\.\d+\b", message) and not _BLOCKED.search(message)
