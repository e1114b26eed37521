"""Addresses that must not be contacted: dead ones, complaints. Transactional messages do not go there either."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts
from engine.core.reasons.of_guards import SUPPRESSED


def check_suppression(facts: MessageFacts, _now: datetime) -> Block | None:
    if facts.suppressed is None:
        return None
    return Block(SUPPRESSED.of(why=facts.suppressed), other_way=True)
