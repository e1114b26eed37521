"""Hypothetical messages, with the facts that a claim would read for them. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from engine.core.model import Way
from engine.storage.database import Connection
from engine.storage.delivery.messages import WITH_FACTS, DueMessage, with_contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """Messages of one rule to one customer, due now, of a run that would begin now."""

    partition: int
    customer: UUID
    rule: str
    rule_set: int
    transactional: bool
    ways: Sequence[tuple[Way, dict[str, Any]]]  # each with its limits


async def imagine_messages(connection: Connection, imagined: Imagined) -> list[DueMessage]:
    """In the order of the ways."""
    rows = await connection.fetch(
        _IMAGINED,
        imagined.partition,
        imagined.customer,
        uuid4(),
        imagined.rule,
        imagined.rule_set,
        imagined.transactional,
        [uuid4() for _ in imagined.ways],
        [channel for (channel, _), _ in imagined.ways],
        [template for (_, template), _ in imagined.ways],
        [limits for _, limits in imagined.ways],
    )
    return await with_contacts(connection, [DueMessage(*row) for row in rows])


_WITH_IMAGINED = """
    WITH due AS (
        SELECT $1::smallint AS partition, given.id, $2::uuid AS customer, $3::uuid AS run, $4::text AS rule,
            $5::bigint AS rule_set, given.channel, given.template, '{}'::jsonb AS context,
            $6::boolean AS transactional, 0 AS attempts, now() AS due_at, false AS maybe_duplicate,
            now() AS created_at, given.limits, given.place
        FROM unnest($7::uuid[], $8::text[], $9::text[], $10::jsonb[]) WITH ORDINALITY
            AS given (id, channel, template, limits, place)
    )
"""
_IMAGINED = _WITH_IMAGINED + WITH_FACTS
