"""Marketing needs the customer's consent, for the channel and for the topic. Transactional messages need none."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts
from engine.core.reasons.of_guards import CHANNEL_REFUSED, ERASED_BEFORE, NOT_AGREED, NOT_CONFIRMED, TOPIC_REFUSED


def check_consent(facts: MessageFacts, _now: datetime) -> Block | None:
    """A refusal always holds; `required` also asks for an explicit yes to the channel. What is refused as a topic is
    not said on another channel either. Who was erased must have agreed anew by hand."""
    if facts.is_erased and facts.asks_for and not any(what in facts.chosen for what in facts.asks_for):
        return Block(ERASED_BEFORE.recorded)  # an old list asks in the name of somebody who asked to be forgotten
    if facts.transactional:
        return None
    if facts.consent.get(facts.channel) is False:
        return Block(CHANNEL_REFUSED.of(channel=facts.channel), other_way=True)
    if facts.topic is not None and facts.consent.get(facts.topic) is False:
        return Block(TOPIC_REFUSED.of(topic=facts.topic))
    if facts.is_erased and not _has_chosen_again(facts):
        return Block(ERASED_BEFORE.recorded, other_way=True)
    for what in facts.confirmed & {facts.channel, facts.topic}:
        if facts.consent.get(str(what)) is not True:
            return Block(NOT_CONFIRMED.of(what=what), other_way=what == facts.channel)
    if facts.consent_policy == "required" and facts.consent.get(facts.channel) is not True:
        return Block(NOT_AGREED.of(channel=facts.channel), other_way=True)
    return None


def _has_chosen_again(facts: MessageFacts) -> bool:
    wanted = [what for what in (facts.channel, facts.topic) if what is not None]
    return any(what in facts.chosen and facts.consent.get(what) is True for what in wanted)
