from dataclasses import replace

from engine.core.identity import customer_id, partition_of
from engine.core.model import Customer
from engine.storage.customers.bulk import save_customers
from engine.storage.database import Database


async def test_customers_with_few_and_many_tags_are_saved_together(database: Database):
    customers = [Customer(id=customer_id(key), key=key) for key in ("u:1", "u:2", "u:3")]
    placed = [(partition_of(customer.id, 64), customer) for customer in customers]
    tags = [frozenset[str](), frozenset({"buyer"}), frozenset({"buyer", "с ярмарки"})]

    async with database.transaction() as connection:
        for partition, customer in placed:
            await connection.execute(
                "INSERT INTO customer (partition, id, key) VALUES ($1, $2, $3)", partition, customer.id, customer.key
            )
        changed = [
            (partition, replace(customer, tags=own)) for (partition, customer), own in zip(placed, tags, strict=True)
        ]
        await save_customers(connection, changed)
        found = await connection.fetch("SELECT tags FROM customer ORDER BY key")

    assert [frozenset(row["tags"]) for row in found] == tags
