"""The customer whom a key names."""

from __future__ import annotations

from engine.core.identity import customer_id, partition_of
from engine.core.model import Customer
from engine.storage.customers.bulk import load_customers
from engine.storage.database import Connection


class NobodyThere(LookupError):
    """No customer of this key."""


async def find_customer(connection: Connection, key: str, partitions: int) -> tuple[Customer, int]:
    """Also where a merged customer went. The partition is the second."""
    wanted = customer_id(key)
    while True:
        partition = partition_of(wanted, partitions)
        found = (await load_customers(connection, [partition], [wanted])).get(wanted)
        if found is None:
            raise NobodyThere(key)
        if found.merged_into is None:
            return found, partition
        wanted = found.merged_into
