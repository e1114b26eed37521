"""Addresses that must not be contacted any more, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from engine.storage.database import Connection


async def suppress(connection: Connection, addresses: Sequence[tuple[str, str, str]]) -> None:
    """Channel, address and reason of each. The first reason stays."""
    await connection.execute(
        """
        INSERT INTO suppression (channel, address, reason)
        SELECT channel, lower(address), reason FROM unnest($1::text[], $2::text[], $3::text[])
            AS s (channel, address, reason)
        ON CONFLICT DO NOTHING
        """,
        [channel for channel, _, _ in addresses],
        [address for _, address, _ in addresses],
        [reason for _, _, reason in addresses],
    )
