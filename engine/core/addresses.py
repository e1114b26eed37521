"""Where a channel reaches a customer."""

from __future__ import annotations

#: Channels that do not lead to the customer.
OUTWARD = frozenset({"webhook", "staff"})

#: Channels that reach a phone by its number.
PHONES = frozenset({"sms", "whatsapp", "viber"})


#: Channels that reach a customer by what the customer gave them: a chat, a device, a browser. Each may have several.
CONTACTS = frozenset({"telegram", "push"})


def address_of(channel: str, *, email: str | None, phone: str | None) -> str | None:
    """None: there is none for this channel."""
    if channel == "email":
        return email
    return phone if channel in PHONES else None
