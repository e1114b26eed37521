"""Without an address there is nothing to send to."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts
from engine.core.reasons.of_guards import NO_ADDRESS


def check_address(facts: MessageFacts, _now: datetime) -> Block | None:
    return None if facts.address else Block(NO_ADDRESS.of(channel=facts.channel), other_way=True)
