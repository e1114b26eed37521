"""The guards of due messages, on facts read in the claim's own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.core import calendar
from engine.core.delivery.double_opt_in import asked_about
from engine.core.delivery.limits import CountedCap, Limits, caps_for, quiet_hours_for
from engine.core.delivery.sparing import Said, Sparing
from engine.core.effects import OUTWARD
from engine.core.guards import Block, Counted, MessageFacts, first_block
from engine.core.guards.cap import earliest_start
from engine.public_holidays import holidays_for
from engine.storage.customers.engagement import engaged_at
from engine.storage.database import Connection
from engine.storage.delivery.counted import CountedMessage, counted_messages, lock_customers
from engine.storage.delivery.messages import DueMessage
from engine.texts import PublishedTexts, Texts

_UTC = ZoneInfo("UTC")
#: A claim judges so many messages under caps, or as many as it has room for: each needs a lock and a history.
_JUDGED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A due message, what its texts and limits are, and the answer of the guards."""

    message: DueMessage
    texts: PublishedTexts
    block: Block | None


@dataclass(slots=True)
class Room:
    """How many messages a claim may still take."""

    total: int
    marketing: int  # of them at most

    def has_place(self, *, transactional: bool) -> bool:
        return self.total > 0 and (transactional or self.marketing > 0)

    def take(self, *, transactional: bool) -> None:
        self.total -= 1
        self.marketing -= not transactional


@dataclass(slots=True)
class Judgement:
    judged: list[Judged] = field(default_factory=list)  # messages without caps first, each kind in its order
    is_all: bool = True  # False: some are left for the next claim

    def free(self) -> list[Judged]:
        return [each for each in self.judged if each.block is None]

    def blocked(self) -> list[tuple[DueMessage, Block]]:
        return [(each.message, each.block) for each in self.judged if each.block is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    message: DueMessage
    texts: PublishedTexts
    limits: Limits
    facts: MessageFacts

    @property
    def order(self) -> tuple[bool, int, object]:
        return not self.message.transactional, -self.limits.priority, self.message.due_at


async def judge_messages(
    connection: Connection, due: Sequence[DueMessage], policy: PublishedTexts, texts_by_rule_set: Texts, *, room: Room
) -> Judgement:
    """Messages under caps are judged by priority, and only as many as may be claimed: who passes counts at once."""
    judgement = Judgement()
    capped: list[_Case] = []
    for message in due:
        texts = policy
        if message.channel in OUTWARD:
            judgement.judged.append(Judged(message=message, texts=texts, block=None))
            continue
        if not policy.templates(message.channel).has(message.template):
            texts = await texts_by_rule_set.of(connection, message.rule_set)
        case = _case(message, policy, texts)
        if case.facts.caps or case.facts.repeats or _may_be_sunset(case, policy):
            capped.append(case)
        else:
            judgement.judged.append(Judged(message=message, texts=texts, block=first_block(case.facts, message.now)))
    if capped:
        await _judge_capped(connection, capped, policy, judgement, room=room)
    return judgement


async def _judge_capped(
    connection: Connection, cases: list[_Case], policy: PublishedTexts, judgement: Judgement, *, room: Room
) -> None:
    looked_at = cases[: max(room.total, _JUDGED)]
    judgement.is_all = len(looked_at) == len(cases)
    await lock_customers(connection, {case.message.customer for case in looked_at})
    history = await _history(connection, looked_at, policy.sparing)
    engaged = await _engaged(connection, looked_at, policy)
    for each in judgement.free():
        if room.has_place(transactional=each.message.transactional):
            room.take(transactional=each.message.transactional)
    for case in sorted(looked_at, key=lambda each: each.order):
        known = history[case.message.customer]
        transactional = case.message.transactional
        if not room.has_place(transactional=transactional) or _has_rival(case, known, looked_at):
            judgement.is_all = False
            continue
        counted = tuple(_counted(each, policy) for each in known if not each.is_due)
        caps = (*case.facts.caps, *_sunset_caps(case, policy, engaged))
        block = first_block(replace(case.facts, counted=counted, caps=caps), case.message.now)
        judgement.judged.append(Judged(message=case.message, texts=case.texts, block=block))
        if block is None:
            known.append(_as_counted(case))
            room.take(transactional=transactional)


def _may_be_sunset(case: _Case, policy: PublishedTexts) -> bool:
    return policy.sparing.sunset is not None and not case.message.transactional and policy.sees_reactions


async def _engaged(connection: Connection, cases: Sequence[_Case], policy: PublishedTexts) -> dict[UUID, datetime]:
    asked = {case.message.customer: case.message.partition for case in cases if _may_be_sunset(case, policy)}
    return await engaged_at(connection, _places(asked)) if asked else {}


def _sunset_caps(case: _Case, policy: PublishedTexts, engaged: Mapping[UUID, datetime]) -> tuple[CountedCap, ...]:
    sunset = policy.sparing.sunset
    if sunset is None or not _may_be_sunset(case, policy):
        return ()
    return (sunset.cap,) if sunset.holds(engaged.get(case.message.customer), case.message.now) else ()


def _places(partitions: Mapping[UUID, int]) -> list[tuple[int, UUID]]:
    return [(partition, customer) for customer, partition in partitions.items()]


async def _history(
    connection: Connection, cases: Sequence[_Case], sparing: Sparing
) -> dict[UUID, list[CountedMessage]]:
    now = cases[0].message.now
    caps: set[CountedCap] = {cap for case in cases for cap in case.facts.caps}
    if sparing.sunset is not None:
        caps.add(sparing.sunset.cap)
    since = [earliest_start(list(caps), now)] if caps else []
    since += [now - case.facts.repeats.within for case in cases if case.facts.repeats is not None]
    places = {case.message.customer: case.message.partition for case in cases}
    found = await counted_messages(connection, _places(places), min(since))
    history: dict[UUID, list[CountedMessage]] = {customer: [] for customer in places}
    for each in found:
        history[each.customer].append(each)
    return history


def _has_rival(case: _Case, known: Sequence[CountedMessage], ours: Sequence[_Case]) -> bool:
    """Whether a more important message of the customer is due, but not among ours: another claim judges it first."""
    mine = {each.message.id for each in ours}
    return any(
        each.is_due and each.id not in mine and not each.transactional and each.priority > case.limits.priority
        for each in known
    )


def _counted(each: CountedMessage, policy: PublishedTexts) -> Counted:
    return Counted(
        at=each.at,
        rule=each.rule,
        channel=each.channel,
        topic=policy.templates(each.channel).topic(each.template),
        transactional=each.transactional,
        said=Said(each.run, each.template),
    )


def _as_counted(case: _Case) -> CountedMessage:
    message = case.message
    return CountedMessage(
        customer=message.customer,
        id=message.id,
        rule=message.rule,
        channel=message.channel,
        template=message.template,
        transactional=message.transactional,
        at=message.now,
        is_due=False,
        priority=case.limits.priority,
        run=message.run,
    )


def _case(message: DueMessage, policy: PublishedTexts, texts: PublishedTexts) -> _Case:
    limits = Limits.from_json(message.limits)
    workspace, zone = policy.policy, limits.zone or message.timezone or policy.timezone
    facts = MessageFacts(
        channel=message.channel,
        address=message.address,
        transactional=message.transactional,
        topic=texts.templates(message.channel).topic(message.template),
        consent=message.consent,
        consent_policy=policy.consent_policy,
        confirmed=policy.confirmed,
        chosen=message.chosen.keys(),
        is_erased=message.is_erased,
        asks_for=asked_about(message.context, policy.confirmed),
        suppressed=message.suppressed,
        is_rule_on=message.rule in policy.rules,
        run_end=message.end_reason,
        zone=calendar.zone_named(zone) or calendar.zone_named(policy.timezone) or _UTC,
        quiet_hours=quiet_hours_for(limits, workspace, channel=message.channel),
        caps=caps_for(
            limits, workspace, rule=message.rule, channel=message.channel, transactional=message.transactional
        ),
        said=Said(message.run, message.template),
        repeats=policy.sparing.repeats_for(limits, transactional=message.transactional),
        holidays=holidays_for(
            policy.sparing.holidays_for(limits, transactional=message.transactional),
            country=message.attributes.get("country"),
            timezone=message.timezone,
            at=message.now,
            locale=policy.sparing.locale,
        ),
    )
    return _Case(message=message, texts=texts, limits=limits, facts=facts)
