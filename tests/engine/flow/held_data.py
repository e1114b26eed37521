"""Rows of one person in every table, with a canary in each column that could hold something of a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from engine.core.identity import customer_id
from engine.storage.customers.holdings import HELD
from tests.engine.flow.shop import Shop

#: Words of ours, of the rules and of the templates: they say nothing of a person.
OURS = {
    "channel",
    "currency",
    "definition",
    "end_reason",
    "errand",
    "figure",
    "how",
    "kind",
    "name",
    "occasion",
    "rule",
}
OURS |= {"segment", "source", "state", "template", "touch", "what", "done", "class", "pool", "code", "path"}
MAIL, PHONE = "canary-mail@example.com", "+4917000canary"


@dataclass
class Planted:
    key: str
    message: UUID = field(default_factory=uuid4)
    run: UUID = field(default_factory=uuid4)
    canaries: set[str] = field(default_factory=set)

    async def plant(self, shop: Shop) -> Planted:
        for table in HELD:
            await self._plant(shop, table)
        return self

    async def _plant(self, shop: Shop, table: str) -> None:
        columns = await shop.fetch(
            "SELECT column_name AS name, udt_name AS kind FROM information_schema.columns"
            " WHERE table_name = $1 AND is_identity = 'NO' AND table_schema = 'public'",
            table,
        )
        given = self._given(shop, table)
        names = [row["name"] for row in columns]
        made = {row["name"]: self._value(table, row) for row in columns if row["name"] not in given}
        values = {name: given[name] if name in given else made[name] for name in names}
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await shop.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})",  # noqa: S608
            *values.values(),
        )

    def _value(self, table: str, column: Any) -> Any:
        canary = f"canary-{table}-{column['name']}"
        simple = {"uuid": uuid4(), "int2": 1, "int4": 1, "int8": 1, "numeric": 1, "bool": False, "xid8": 0}
        if column["kind"] in simple:
            return simple[column["kind"]]
        if column["kind"] == "timestamptz":
            return datetime(2026, 3, 2, tzinfo=UTC)
        if column["name"] in OURS:
            return "email"
        self.canaries.add(canary)
        return {"text": canary, "jsonb": {"of": canary}, "_text": [canary], "bytea": canary.encode()}[column["kind"]]

    def _given(self, shop: Shop, table: str) -> dict[str, Any]:
        customer = customer_id(self.key)
        place = {"partition": shop.partition(self.key), "customer": customer, "run": self.run, "message": self.message}
        return place | {
            "customer": {"id": customer, "key": self.key, "email": MAIL, "phone": PHONE, "merged_into": None},
            "message": {"id": self.message, "state": "sent", "attempt": None, "deadline": None},
            "run": {"id": self.run, "state": "ended", "wake_at": None, "open_until": None},
            "suppression": {"address": MAIL, "kind": "bounce"},
            "soft_bounce": {"address": MAIL},
            "quarantine": {"subject": str(self.run)},
            "reject": {"body": f'{{"traits": {{"email": "{MAIL}"}}}}', "reason": "no name"},
            "promo_code": {"code": f"C{uuid4().hex[:6]}", "pool": "spring"},
        }.get(table, {})


async def whole_database(shop: Shop) -> str:
    """All that is in it, as text."""
    tables = await shop.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    )
    lines = []
    for row in tables:
        for found in await shop.fetch(f"SELECT * FROM {row['relname']}"):  # noqa: S608
            lines.append(f"{row['relname']} {dict(found)}")
    return "\n".join(lines)
