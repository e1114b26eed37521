"""Who says what becomes of a message in a virtual world: the test itself, else the guards of delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from engine.core.conditions.program import Program
from engine.core.delivery.limits import CountedCap
from engine.core.delivery.sparing import Sparing
from engine.core.effects import NewMessage
from engine.core.guards import Counted, MessageFacts, first_block
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.memory import Memory
from engine.testing.virtual.timeline import SentMessage
from engine.testing.virtual.verdicts import REFUSED, SENT, Verdict, counted_of, limit_facts, limits_block, verdict_of

_AT_ONCE = timedelta(0)
_NO_SPARING = Sparing()


@dataclass(slots=True)
class Judge:
    """Without `delivery` everybody can be reached, and only the limits of sending are asked."""

    memory: Memory
    delivery: Delivery | None
    messages: Sequence[SentMessage]  # that the world has sent so far
    programs: Mapping[int, Program]
    said: dict[str, Verdict] = field(default_factory=dict)  # of "email/cart"
    _handed_over: set[UUID] = field(default_factory=set)

    def takes(self, message: NewMessage, live: Program, now: datetime) -> timedelta:
        """How long the provider takes for it, if it gets it at all."""
        said = self._said_of(message)
        if said is None or not said.after or self._judge_limits(message, live, now) is not SENT:
            return _AT_ONCE
        self._handed_over.add(message.id)
        return said.after

    def verdict_on(self, message: NewMessage, live: Program, now: datetime) -> Verdict:
        said = self._said_of(message)
        if said is None:
            return self._judge(message, live, now)
        limited = self._judge_limits(message, live, now) if message.id not in self._handed_over else SENT
        return said if limited is SENT else limited

    def _said_of(self, message: NewMessage) -> Verdict | None:
        return self.said.get(f"{message.channel}/{message.template}") if self.said else None

    def _judge(self, message: NewMessage, live: Program, now: datetime) -> Verdict:
        """As delivery does: by all its guards, then by the provider."""
        if self.delivery is None:
            return self._judge_limits(message, live, now)
        if not message.is_outward:
            customer, run = self.memory.customers[message.customer], self.memory.runs.get(message.run)
            contacts, limits = self.memory.contacts.get(customer.id, ()), self._limits_on(message, live, now)
            facts = self.delivery.facts(message, customer, run=run, contacts=contacts, limits=limits)
            block = first_block(facts, now)
            if block is not None:
                return verdict_of(block)
        return REFUSED if message.template in self.delivery.failing else SENT

    def _judge_limits(self, message: NewMessage, live: Program, now: datetime) -> Verdict:
        block = limits_block(self._limits_on(message, live, now), now)
        return verdict_of(block) if block is not None else SENT

    def _limits_on(self, message: NewMessage, live: Program, now: datetime) -> MessageFacts:
        """What the guards of delivery must know of quiet hours and caps."""
        customer = self.memory.customers[message.customer]
        sparing = self.delivery.sparing if self.delivery is not None else _NO_SPARING
        limits = limit_facts(message, customer, (live.policy, sparing), zone=live.zone, sent=self._counted)
        sunset = self._sunset_caps(message, now)
        return replace(limits, caps=(*limits.caps, *sunset), counted=self._counted(message)) if sunset else limits

    def _sunset_caps(self, message: NewMessage, now: datetime) -> tuple[CountedCap, ...]:
        delivery = self.delivery
        if delivery is None or delivery.sparing.sunset is None or message.transactional or not delivery.reactions:
            return ()
        sunset = delivery.sparing.sunset
        return (sunset.cap,) if sunset.holds(self._engaged_at(message.customer, delivery.reactions), now) else ()

    def _engaged_at(self, customer: UUID, reactions: frozenset[str]) -> datetime | None:
        """The newest reaction, or the first message; None: nothing was sent so far."""
        name = self.memory.name_of(customer)
        reacted = [each.at for each in self.memory.events if each.name in reactions and each.customer == customer]
        said = (each for each in self.messages if each.customer == name and each.state == "sent")
        first = next((each.at for each in said if not each.is_outward), None)
        return max([*reacted, *([first] if first is not None else [])], default=None)

    def _counted(self, message: NewMessage) -> tuple[Counted, ...]:
        return counted_of(self.messages, self.memory.name_of(message.customer), self.programs, self.delivery)
