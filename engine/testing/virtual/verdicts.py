"""Verdicts on messages of a virtual world, and what its limits of sending say: they are those of production."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.core import calendar
from engine.core.conditions.program import Program
from engine.core.delivery.limits import Policy, caps_for, quiet_hours_for
from engine.core.delivery.sparing import Said, Sparing
from engine.core.effects import NewMessage
from engine.core.guards.cap import check_caps
from engine.core.guards.facts import Block, Counted, MessageFacts
from engine.core.guards.no_repeats import check_repeats
from engine.core.guards.quiet_hours import check_quiet_hours
from engine.core.model import Customer, OutcomeState
from engine.core.reasons.of_delivery import PROVIDER_REFUSED
from engine.public_holidays import holidays_for
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.timeline import SentMessage


class Verdict(NamedTuple):
    """A message's state and, if it takes a while, how long."""

    state: OutcomeState
    after: timedelta = timedelta(0)
    reason: str | None = None
    until: datetime | None = None  # of a postponed one
    undeliverable: bool = False  # another way may follow


_NO_HOLIDAYS: Mapping[date, str] = {}
SENT = Verdict("sent")
REFUSED = Verdict("failed", reason=PROVIDER_REFUSED.recorded, undeliverable=True)


def verdict_of(block: Block) -> Verdict:
    if block.retry_at is not None:
        return Verdict("postponed", reason=block.reason, until=block.retry_at)
    return Verdict("suppressed", reason=block.reason, undeliverable=block.other_way)


def limits_block(facts: MessageFacts, now: datetime) -> Block | None:
    """Quiet hours and caps alone: whether there is an address, and consent, is not asked."""
    return check_quiet_hours(facts, now) or check_repeats(facts, now) or check_caps(facts, now)


def limit_facts(
    message: NewMessage,
    customer: Customer,
    policy: tuple[Policy, Sparing],
    *,
    zone: ZoneInfo,
    sent: Callable[[NewMessage], tuple[Counted, ...]],
) -> MessageFacts:
    """What the limits of a message look at, and no other guard. What was `sent` is asked only where a cap counts it."""
    limits, (limited, sparing) = message.limits, policy
    repeats = sparing.repeats_for(limits, transactional=message.transactional)
    caps = caps_for(limits, limited, rule=message.rule, channel=message.channel, transactional=message.transactional)
    holidays = sparing.holidays_for(limits, transactional=message.transactional)
    return MessageFacts(
        channel=message.channel,
        address=None,
        transactional=message.transactional,
        zone=calendar.zone_named(limits.zone) or calendar.zone_named(customer.timezone) or zone,
        quiet_hours=quiet_hours_for(limits, limited, channel=message.channel),
        caps=caps,
        holidays=holidays_for(
            holidays,
            country=customer.attributes.get("country"),
            timezone=customer.timezone,
            at=message.due_at,
            locale=sparing.locale,
        )
        if holidays
        else _NO_HOLIDAYS,
        said=Said(message.run, message.template) if repeats else None,
        repeats=repeats,
        counted=sent(message) if caps or repeats else (),
    )


def counted_of(
    sent: Iterable[SentMessage], customer: str, programs: Mapping[int, Program], delivery: Delivery | None
) -> tuple[Counted, ...]:
    return tuple(
        Counted(
            at=each.at,
            rule=each.rule,
            channel=each.channel,
            topic=delivery.topic(each.channel, each.template) if delivery is not None else None,
            transactional=programs[each.rule_set].by_name[each.rule].rule.transactional,
            said=Said(each.run, each.template),
        )
        for each in sent
        if each.customer == customer and each.state in ("sent", "unknown") and not each.is_outward
    )
