"""What delivery would do now with each message that a rule could send: judged as by a claim, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl import plan
from dsl.messages import Message, say
from engine.core.conditions.program import RuleCode
from engine.core.delivery.limits import Limits
from engine.core.delivery.ways import possible_ways
from engine.core.guards import Block
from engine.core.model import Way
from engine.core.reasons import tell_reason
from engine.core.runs.sending import limits_of_send
from engine.core.telling.findings import Finding
from engine.flow.delivery.judging import Room, judge_messages
from engine.storage.database import Connection
from engine.storage.delivery.imagined import Imagined, imagine_messages
from engine.storage.delivery.messages import DueMessage
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts, Texts

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """Of a message that could be sent. Neither `block` nor `gives_way`: it would go."""

    channel: str
    template: str
    at: datetime
    block: Block | None = None
    gives_way: bool = False  # a more important message of the customer is due, and is judged first

    @property
    def is_lost(self) -> bool:
        """It would not be sent later either."""
        return self.block is not None and self.block.retry_at is None


async def ask_delivery(
    connection: Connection, code: RuleCode, place: tuple[int, UUID], texts: Texts
) -> tuple[Prospect, ...]:
    """`place`: partition and customer. Each message is judged as if it were the only one that is due."""
    if not code.sends:
        return ()
    transaction = connection.transaction(readonly=True)
    await transaction.start()
    try:
        live = await live_rule_set(connection)
        if live is None:
            return ()
        policy = await texts.of(connection, live)
        messages = await imagine_messages(connection, _imagined(code, place, live))
        return tuple([await _prospect(connection, each, policy, texts) for each in messages])
    finally:
        await transaction.rollback()  # with it go the locks that count a customer's messages


def told_prospects(prospects: Sequence[Prospect], zone: ZoneInfo) -> tuple[Finding, ...]:
    """Each once: ways that several sends have in common may come to the same."""
    return tuple(dict.fromkeys(Finding(_told(each, zone), not (each.block or each.gives_way)) for each in prospects))


def _imagined(code: RuleCode, place: tuple[int, UUID], live: int) -> Imagined:
    partition, customer = place
    return Imagined(
        partition=partition,
        customer=customer,
        rule=code.rule.name,
        rule_set=live,
        transactional=code.rule.transactional,
        ways=[(way, limits.as_json()) for way, limits in dict.fromkeys(_ways(code))],
    )


def _ways(code: RuleCode) -> Iterator[tuple[Way, Limits]]:
    for step in code.rule.steps:
        if isinstance(step, plan.Send):
            limits = limits_of_send(code, step, has_more=False)
            for way in possible_ways(step):
                yield way, limits


async def _prospect(connection: Connection, message: DueMessage, policy: PublishedTexts, texts: Texts) -> Prospect:
    room = Room(total=1, marketing=1)
    judged = (await judge_messages(connection, [message], policy, texts, room=room)).judged
    return Prospect(
        channel=message.channel,
        template=message.template,
        at=message.now,
        block=judged[0].block if judged else None,
        gives_way=not judged,
    )


def _told(prospect: Prospect, zone: ZoneInfo) -> Message:
    return say(
        '{channel} "{template}": {answer}',
        channel=prospect.channel,
        template=prospect.template,
        answer=_answer(prospect, zone),
    )


def _answer(prospect: Prospect, zone: ZoneInfo) -> str:
    block = prospect.block
    if prospect.gives_way:
        return say("a more important message to the customer goes first")
    if block is None:
        return say("delivery would let it pass")
    if block.retry_at is None:
        return tell_reason(block.reason)
    clock = "%H:%M" if block.retry_at - prospect.at < _DAY else "%Y-%m-%d %H:%M"
    until = block.retry_at.astimezone(zone).strftime(clock)
    return say("{reason} until {time}", reason=tell_reason(block.reason), time=until)
