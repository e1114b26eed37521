"""The guards of due messages, on facts read in the claim's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.core import calendar
from engine.core.effects import OUTWARD
from engine.core.guards import Block, Counted, MessageFacts, first_block
from engine.core.guards.cap import earliest_start
from engine.core.limits import CountedCap, Limits, caps_for, quiet_hours_for
from engine.runtime import Runtime
from engine.storage.counted import CountedMessage, counted_messages, lock_customers
from engine.storage.database import Connection
from engine.storage.messages import DueMessage
from engine.texts import PublishedTexts

_UTC = ZoneInfo("UTC")
#: Capped messages that one claim judges, at least: each needs its customer's lock and history.
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
    connection: Connection, due: Sequence[DueMessage], policy: PublishedTexts, runtime: Runtime, *, room: Room
) -> Judgement:
    """Messages under caps are judged by priority, and only as many as may be claimed: what is counted is taken."""
    judgement = Judgement()
    capped: list[_Case] = []
    for message in due:
        texts = policy
        if message.channel in OUTWARD:
            judgement.judged.append(Judged(message=message, texts=texts, block=None))
            continue
        if not policy.templates(message.channel).has(message.template):
            texts = await runtime.texts.of(connection, message.rule_set)
        case = _case(message, policy, texts)
        if case.facts.caps:
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
    history = await _history(connection, looked_at)
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
        block = first_block(replace(case.facts, counted=counted), case.message.now)
        judgement.judged.append(Judged(message=case.message, texts=case.texts, block=block))
        if block is None:
            known.append(_as_counted(case))
            room.take(transactional=transactional)


async def _history(connection: Connection, cases: Sequence[_Case]) -> dict[UUID, list[CountedMessage]]:
    now = cases[0].message.now
    caps: set[CountedCap] = {cap for case in cases for cap in case.facts.caps}
    places = {case.message.customer: case.message.partition for case in cases}
    found = await counted_messages(
        connection, [(partition, customer) for customer, partition in places.items()], earliest_start(list(caps), now)
    )
    history: dict[UUID, list[CountedMessage]] = {customer: [] for customer in places}
    for each in found:
        history[each.customer].append(each)
    return history


def _has_rival(case: _Case, known: Sequence[CountedMessage], ours: Sequence[_Case]) -> bool:
    """A more important message of the customer is due and in other hands: it is judged there, before this one."""
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
        suppressed=message.suppressed,
        is_rule_on=message.rule in policy.rules,
        run_end=message.end_reason,
        zone=calendar.zone_named(zone) or calendar.zone_named(policy.timezone) or _UTC,
        quiet_hours=quiet_hours_for(limits, workspace, channel=message.channel),
        caps=caps_for(
            limits, workspace, rule=message.rule, channel=message.channel, transactional=message.transactional
        ),
    )
    return _Case(message=message, texts=texts, limits=limits, facts=facts)
