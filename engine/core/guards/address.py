"""Without an address there is nothing to send to."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts


def check_address(facts: MessageFacts, _now: datetime) -> Block | None:
    return None if facts.address else Block(f"no {facts.channel} address", other_way=True)
