"""The channel of a server without a provider: messages are kept, and shown on the page /mailbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from engine.channels import Handover, Mail, Rejected, Sent, TryLater, Verdict
from engine.channels.kept_text import build_text
from engine.channels.mime import Envelope, build_mail
from engine.errors import UnsafeHeader


class StoreUnreachable(Exception):
    """What keeps the mails does not answer; nothing was kept."""


#: Keeps one message, built as a mail. The same message again is the same mail. Raises StoreUnreachable.
KeepMail: TypeAlias = Callable[[Handover, Envelope], Awaitable[None]]


class MailboxChannel:
    def __init__(self, keep: KeepMail) -> None:
        self._keep = keep

    async def send(self, handover: Handover) -> Verdict:
        try:
            built = build_mail(handover) if isinstance(handover.content, Mail) else build_text(handover)
        except UnsafeHeader as error:
            return Rejected(str(error))
        try:
            await self._keep(handover, built)
        except StoreUnreachable as error:
            return TryLater(f"the mailbox cannot be written: {error}")
        return Sent(built.message_id)

    async def close(self) -> None:
        pass
