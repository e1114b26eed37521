"""The lanes in which messages wait: one for each channel and class, transactional or marketing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Which of them a claim looks into."""

    marketing: int | None = None  # messages of its lanes, at most; None: as many as of all
    closed: Collection[str] = ()  # channels
    closed_to_marketing: Collection[str] = ()

    def as_arguments(self) -> tuple[int | None, list[str], list[str]]:
        return self.marketing, list(self.closed), list(self.closed_to_marketing)


ALL_LANES = Lanes()

#: The lanes that have messages, by a few probes of the index. Newer versions of PostgreSQL would skip by themselves.
WITH_LANES = """
    WITH RECURSIVE lane AS (
        (SELECT channel, transactional FROM message WHERE state = 'queued' ORDER BY channel, transactional LIMIT 1)
        UNION ALL
        SELECT next.channel, next.transactional FROM lane CROSS JOIN LATERAL (
            SELECT channel, transactional FROM message
            WHERE state = 'queued' AND (channel, transactional) > (lane.channel, lane.transactional)
            ORDER BY channel, transactional LIMIT 1
        ) next
    )"""

#: Keys of due messages ($1 at most, $2 of a lane of marketing) of the lanes that are open ($3 and $4), locked:
#: transactional ones first, then channels in turn, each with its oldest first. Every lane is a range of the index, so
#: the cost does not grow with what waits.
DUE = f"""{WITH_LANES}, due AS MATERIALIZED (
        SELECT waiting.*, row_number() OVER (
            PARTITION BY waiting.channel, waiting.transactional ORDER BY waiting.due_at
        ) AS place
        FROM lane CROSS JOIN LATERAL (
            SELECT partition, id, channel, transactional, due_at FROM message
            WHERE state = 'queued' AND channel = lane.channel AND transactional = lane.transactional
              AND due_at <= now()
            ORDER BY due_at LIMIT CASE WHEN lane.transactional THEN $1::int ELSE least($1, $2) END
            FOR UPDATE SKIP LOCKED
        ) waiting
        WHERE (lane.transactional OR lane.channel <> ALL($4::text[])) AND lane.channel <> ALL($3::text[])
        ORDER BY waiting.transactional DESC, place, waiting.due_at LIMIT $1
    )
    SELECT partition, id FROM due ORDER BY transactional DESC, place, due_at
"""  # noqa: S608 -- a constant in a constant
