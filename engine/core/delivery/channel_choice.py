"""`send best`: which channels to try, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.core.chance import Chance
from engine.core.reasons.of_delivery import UNREACHABLE

#: What is known of everybody weighs as much as that many messages to the one person.
_WEIGHT = 10
#: One choice in so many is made at random, so that what nobody is sent any more may still prove itself.
EXPLORED = 20


@dataclass(frozen=True, slots=True)
class Reacted:
    """Of so many messages that were sent, how many were opened, followed or answered."""

    reacted: int = 0
    sent: int = 0


NOTHING = Reacted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions:
    """By channel."""

    mine: Mapping[str, Reacted] = field(default_factory=dict)  # of the customer
    everybody: Mapping[str, Reacted] = field(default_factory=dict)  # of the workspace


NO_REACTIONS = Reactions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """What is known of a customer and the channels."""

    reachable: frozenset[str] = frozenset()  # channels for which there is an address
    consent: Mapping[str, bool] = field(default_factory=dict)  # by channel; absent: never asked
    delivered: str | None = None  # the channel of the newest message that was delivered
    reactions: Reactions = NO_REACTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    channels: tuple[str, ...]  # at least one, the best first
    reason: str  # for the record: `sms delivered last; push has no address`


def choose_channels(offered: Sequence[str], facts: ChannelFacts, chance: Chance) -> Choice:
    """All offered channels that could reach the customer, the best first; the others are tried when it fails.

    Best is what the customer reacts to, by Thompson sampling: each channel draws from what is known of its rate, so
    that one with few messages sometimes goes first. Where no reaction was ever seen, best is what delivered last, then
    what the customer agreed to, then the order of the rule or the workspace. When no channel can reach the customer
    the order stays, so that the guards say why.
    """
    usable = [channel for channel in offered if channel in facts.reachable and facts.consent.get(channel) is not False]
    if not usable:
        return Choice(channels=tuple(offered), reason=UNREACHABLE.recorded)
    order = sorted(usable, key=lambda channel: (channel != facts.delivered, facts.consent.get(channel) is not True))
    if len(usable) == 1 or not _is_measured(usable, facts):
        why = _praise(order[0], facts, usable)
    else:
        order, why = _drawn(order, facts, chance)
    return Choice(channels=tuple(order), reason="; ".join([why, *_left_out(offered, facts)]))


def _drawn(order: Sequence[str], facts: ChannelFacts, chance: Chance) -> tuple[list[str], str]:
    rates = {channel: _prior(channel, order, facts) for channel in order}
    shown = ", ".join(f"{channel} {_percent(rates[channel])}{_evidence(channel, facts)}" for channel in order)
    draws = {channel: chance.beta(*rates[channel], f"rate of {channel}") for channel in order}
    best_first = sorted(order, key=lambda channel: -draws[channel])
    if chance.uniform("explores") < 1 / EXPLORED:
        first = order[int(chance.uniform("explores what") * len(order))]
        rest = [channel for channel in best_first if channel != first]
        return [first, *rest], f"{first} to find out, as 1 in {EXPLORED}; reactions: {shown}"
    return best_first, f"{best_first[0]} by reactions: {shown}"


def _prior(channel: str, order: Sequence[str], facts: ChannelFacts) -> tuple[float, float]:
    """Of the rate: what is known of the person, shrunk to what is known of everybody. A channel on which no reaction
    can be seen counts as the others do on average, so silence there says nothing."""
    mine = facts.reactions.mine.get(channel, NOTHING)
    everybody = facts.reactions.everybody
    known = everybody.get(channel, NOTHING)
    if not known.reacted and not mine.reacted:
        measured = [everybody[each] for each in order if everybody.get(each, NOTHING).reacted]
        known, mine = Reacted(sum(each.reacted for each in measured), sum(each.sent for each in measured)), NOTHING
    rate = (known.reacted + 1) / (known.sent + 2)
    return _WEIGHT * rate + mine.reacted, _WEIGHT * (1 - rate) + max(mine.sent - mine.reacted, 0)


def _is_measured(usable: Sequence[str], facts: ChannelFacts) -> bool:
    known = facts.reactions
    return any(each.get(channel, NOTHING).reacted for each in (known.mine, known.everybody) for channel in usable)


def _percent(rate: tuple[float, float]) -> str:
    return f"{100 * rate[0] / sum(rate):.0f} %"


def _evidence(channel: str, facts: ChannelFacts) -> str:
    mine = facts.reactions.mine.get(channel, NOTHING)
    return f" ({mine.reacted} of {mine.sent})" if mine.sent else ""


def _praise(best: str, facts: ChannelFacts, usable: Sequence[str]) -> str:
    if best == facts.delivered:
        return f"{best} delivered last"
    if facts.consent.get(best) is True:
        return f"{best} was agreed to"
    return f"{best} comes first" if len(usable) > 1 else f"only {best} reaches the customer"


def _left_out(offered: Sequence[str], facts: ChannelFacts) -> list[str]:
    said = []
    for channel in offered:
        if channel not in facts.reachable:
            said.append(f"{channel} has no address")
        elif facts.consent.get(channel) is False:
            said.append(f"{channel} was refused")
    return said
