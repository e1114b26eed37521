"""What reached a person by one channel is not said again by another, whatever rules and ways come together."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, Counted, MessageFacts
from engine.core.reasons.of_guards import SAID_ALREADY


def check_repeats(facts: MessageFacts, now: datetime) -> Block | None:
    if facts.repeats is None or facts.said is None:
        return None
    since = now - facts.repeats.within
    for each in facts.counted:
        if each.at > since and each.channel != facts.channel and _is_same(each, facts):
            return Block(SAID_ALREADY.of(channel=each.channel))
    return None


def _is_same(each: Counted, facts: MessageFacts) -> bool:
    """A way of the same run follows the one that failed."""
    if each.said is None or facts.said is None or facts.repeats is None or each.said.run == facts.said.run:
        return False
    if each.said.template == facts.said.template:
        return True
    return facts.repeats.by_topic and facts.topic is not None and each.topic == facts.topic
