"""All that is held of one person, as it is held."""

from __future__ import annotations

from typing import Any

from engine.flow.customers.find_customer import NobodyThere, find_customer
from engine.storage.customers.holdings import addresses_of, person_of, read_holdings
from engine.storage.database import Connection


async def export_customer(connection: Connection, key: str, *, partitions: int) -> dict[str, list[dict[str, Any]]]:
    """By what it is called, merged customers included. Raises NobodyThere. In a transaction it is of one moment."""
    root, partition = await find_customer(connection, key, partitions)
    person = await person_of(connection, partition, root.id)
    if person is None:
        raise NobodyThere(key)
    return await read_holdings(connection, person, await addresses_of(connection, person))
