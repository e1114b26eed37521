"""Published rule sets, read: which one is live, and what it holds. Written by rule_sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.storage.database import Connection


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A published version of everything a marketer wrote, as stored."""

    id: int
    hash: str
    plan: dict[str, Any]  # of dsl.codec.to_json
    templates: dict[str, str]  # by path below templates/: "email/cart.html"
    settings: dict[str, Any]
    standing: str  # digest of what is watched outside of runs; "": nothing


#: One indexed look-up: the newest publication is live.
LIVE = "SELECT rule_set FROM publication ORDER BY id DESC LIMIT 1"


async def live_rule_set(connection: Connection) -> int | None:
    """None: nothing was ever published."""
    found: int | None = await connection.fetchval(LIVE)
    return found


async def live_standing(connection: Connection) -> str:
    """Digest of what the live rules watch outside of runs; "": nothing."""
    query = f"SELECT standing FROM rule_set WHERE id = ({LIVE})"  # noqa: S608
    found: str | None = await connection.fetchval(query)
    return found or ""


async def load_rule_set(connection: Connection, rule_set: int) -> RuleSet:
    row = await connection.fetchrow(
        "SELECT id, hash, plan, templates, settings, standing FROM rule_set WHERE id = $1", rule_set
    )
    if row is None:
        raise LookupError(f"rule set {rule_set} is not stored")
    return RuleSet(*row)
