"""What failed three times is set aside with its reason, so that its partition goes on and a person can look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.storage.database import Connection
from engine.storage.kept_words import storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    what: Literal["event", "run", "message", "customer"]
    subject: str  # its id
    rule: str  # "" when no rule is to blame
    tries: int
    reason: str
    detail: str  # the traceback


async def quarantine(connection: Connection, entries: Sequence[Quarantined]) -> None:
    await connection.execute(
        """
        INSERT INTO quarantine (what, subject, rule, tries, reason, detail)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
        ON CONFLICT (what, subject, rule) DO NOTHING
        """,
        [entry.what for entry in entries],
        [entry.subject for entry in entries],
        [entry.rule for entry in entries],
        [entry.tries for entry in entries],
        [storable(entry.reason) for entry in entries],  # an error may quote what it could not take
        [storable(entry.detail) for entry in entries],
    )
