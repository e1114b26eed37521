"""Which tables are spread by `partition`, and whether a statement says which partition it means, read from its plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine.storage.database import Connection

#: What each kind of plan node restricts rows by.
_CONDITIONS = re.compile(r"(Cond|Filter|Clauses)$")
#: `m.partition = …`, `… = m.partition`, `m.partition = ANY (…)`, also within `(m.partition, m.id) = (…)`.
_EQUALITY = r"(?:\b{alias}\.partition(?:\)::\w+)? = |= \(?{alias}\.partition\b)"


async def distributed_tables(connection: Connection) -> frozenset[str]:
    """All that have the column, with the monthly parts of `event`."""
    rows = await connection.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'partition' AND table_schema = 'public'"
    )
    return frozenset(row[0] for row in rows)


async def unrestricted(
    connection: Connection, statement: str, arguments: Sequence[Any], *, tables: frozenset[str]
) -> list[str]:
    """Distributed tables that the statement reads without saying of which partitions."""
    [row] = await connection.fetch(f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}", *arguments)
    plan = json.loads(row[0])[0]["Plan"]
    all_nodes = list(nodes(plan))
    conditions = [text for node in all_nodes for text in _conditions(node)]
    scans = {(node["Relation Name"], node["Alias"]) for node in all_nodes if "Scan" in node["Node Type"]
             and node.get("Relation Name") in tables}  # fmt: skip
    return sorted(f"{table} {alias}" for table, alias in scans if not _is_restricted(table, alias, conditions))


def _is_restricted(table: str, alias: str, conditions: Sequence[str]) -> bool:
    # A month of `event` is known by a name of its own, and in a join by that of the whole table.
    whole = re.sub(r"_\d+$", "", alias) if table.startswith("event_") else alias
    names = f"{re.escape(alias)}|{re.escape(whole)}"
    equality = re.compile(_EQUALITY.format(alias=f"(?:{names})"))
    return any(equality.search(each) for each in conditions)


def _conditions(node: dict[str, Any]) -> Iterator[str]:
    for name, value in node.items():
        if _CONDITIONS.search(name):
            yield value if isinstance(value, str) else " ".join(value)


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of a plan: itself, and all below."""
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)
