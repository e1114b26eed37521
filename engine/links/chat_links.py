"""The link that connects a customer with a chat: https://t.me/BOT?start=TOKEN."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from engine.links.tokens import open_token, sign

_PURPOSE = "telegram"
#: Days that a link works: it travels in mails, and who opens it gets the customer's messages.
WORKS = timedelta(days=30)
_EPOCH = date(2020, 1, 1)


def chat_link(key: bytes, bot: str, customer: UUID, *, today: date) -> str:
    """Telegram takes at most 64 letters, digits, `-` and `_` for what follows `start=`."""
    token = sign(key, _PURPOSE, (customer, (today - _EPOCH).days))
    return f"https://t.me/{bot.removeprefix('@')}?start={token}"


def read_chat_token(key: bytes, token: str, *, today: date) -> UUID | None:
    """Whose it is; None when it is none of ours, or too old."""
    match open_token(key, _PURPOSE, token):
        case (UUID() as customer, int() as days) if _EPOCH + timedelta(days=days) + WORKS >= today:
            return customer
        case _:
            return None
