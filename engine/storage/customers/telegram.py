"""What is stored of chats with the bot, besides contacts."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from engine.storage.customers.contacts import Owner
from engine.storage.database import Connection


class ChatMessage(NamedTuple):
    id: UUID
    rule: str
    template: str


async def chat_message(connection: Connection, owner: Owner, chat: str, number: str | None) -> ChatMessage | None:
    """The message that went to the chat under that number, else the newest that did."""
    row = await connection.fetchrow(
        """
        SELECT id, rule, template FROM message
        WHERE partition = $1 AND customer = $2 AND channel = 'telegram' AND address = $3 AND state = 'sent'
        ORDER BY (provider_id IS NOT DISTINCT FROM $4) DESC, created_at DESC LIMIT 1
        """,
        owner.partition,
        owner.customer,
        chat,
        f"{chat}.{number}" if number else None,
    )
    return ChatMessage(**row) if row else None


async def lift_suppression(connection: Connection, chat: str) -> None:
    """Who starts the bot again has unblocked it. What people suppressed by hand stays so."""
    await connection.execute(
        "DELETE FROM suppression WHERE channel = 'telegram' AND address = $1 AND reason LIKE 'Telegram: %'", chat
    )
