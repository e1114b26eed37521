"""Where a channel reaches a customer."""

from __future__ import annotations

#: Channels that do not lead to the customer.
OUTWARD = frozenset({"webhook", "staff"})

#: Channels that reach a phone by its number.
PHONES = frozenset({"sms", "whatsapp", "viber"})


#: Channels that reach a customer by what the customer gave them: a chat, a device, a browser. Each may have several.
CONTACTS = frozenset({"telegram", "push"})

#: Messages in the shop's own page, for those who are signed in there.
INBOX = "inapp"


def address_of(channel: str, *, email: str | None, phone: str | None, key: str | None = None) -> str | None:
    """None: there is none for this channel. `key` is the customer's."""
    if channel == "email":
        return email
    if channel == INBOX:
        return key.removeprefix("u:") if has_inbox(key) and key else None
    return phone if channel in PHONES else None


def has_inbox(key: str | None) -> bool:
    """A customer who is only known by a browser cannot show who they are."""
    return key is not None and key.startswith("u:")
