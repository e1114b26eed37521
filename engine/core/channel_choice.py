"""`send best`: which channels to try, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """What is known of a customer and the channels."""

    reachable: frozenset[str] = frozenset()  # channels for which there is an address
    consent: Mapping[str, bool] = field(default_factory=dict)  # by channel; absent: never asked
    delivered: str | None = None  # the channel of the newest message that was delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    channels: tuple[str, ...]  # at least one, the best first
    reason: str  # for the record: `sms delivered last; push has no address`


def choose_channels(offered: Sequence[str], facts: ChannelFacts) -> Choice:
    """All offered channels that could reach the customer, the best first; the others are tried when it fails.

    Until reactions are tracked, best is what delivered last, then what the customer agreed to, then the order of the
    rule or the workspace. When no channel can reach the customer the order stays, so that the guards say why.
    """
    usable = [channel for channel in offered if channel in facts.reachable and facts.consent.get(channel) is not False]
    if not usable:
        return Choice(channels=tuple(offered), reason="no channel reaches the customer")
    order = sorted(usable, key=lambda channel: (channel != facts.delivered, facts.consent.get(channel) is not True))
    return Choice(
        channels=tuple(order), reason="; ".join([_praise(order[0], facts, usable), *_left_out(offered, facts)])
    )


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
