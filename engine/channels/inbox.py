"""Messages in the shop's own page: kept here, until the customer comes and looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from engine.channels import Channel, Handover, Push, Rejected, Sent, TryLater, Verdict
from engine.channels.mailbox import StoreUnreachable

LONGEST_TITLE, LONGEST_TEXT = 200, 4000  # characters

#: Keeps one message for its customer. The same message again is the same one. False: there is no such message.
#: Raises StoreUnreachable.
KeepItem: TypeAlias = Callable[[Handover], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class InboxChannel:
    keep: KeepItem
    shown: Channel | None = None  # where those who write rules see it as well

    async def send(self, handover: Handover) -> Verdict:
        if reason := _reason_against(handover):
            return Rejected(reason)
        try:
            is_kept = await self.keep(handover)
        except StoreUnreachable as error:
            return TryLater(f"the inbox cannot be written: {error}", is_outage=True)
        if not is_kept:
            return Rejected("the customer is gone")
        if self.shown is not None:
            await self.shown.send(handover)
        return Sent(str(handover.message))

    async def close(self) -> None:
        pass


def _reason_against(handover: Handover) -> str | None:
    content = handover.content
    assert isinstance(content, Push)
    if not handover.address:
        return "only a customer with a userId has an inbox"
    if not content.title and not content.text:
        return "it rendered empty"
    if len(content.title) > LONGEST_TITLE:
        return f"its title is longer than {LONGEST_TITLE} characters"
    if len(content.text) > LONGEST_TEXT:
        return f"its text is longer than {LONGEST_TEXT} characters"
    for name, address in (("link", content.link), ("image", content.image)):
        if address and not _is_page(address):
            return f"its {name} does not begin with https://"  # javascript: would run in the shop's own page
    return None


def _is_page(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)
