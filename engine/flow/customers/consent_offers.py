"""Who stands in front of a consent page, and what there is to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.core.delivery.addresses import CONTACTS, address_of
from engine.core.identity import partition_of
from engine.flow.customers.change_consent import ConsentRuntime
from engine.rendering.sources import template_names
from engine.storage.customers.consent import Chooser, find_chooser
from engine.storage.customers.contacts import channels_with_contacts
from engine.storage.database import Connection
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts

_MOST_HOPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One box to tick. `what` is a channel or a topic."""

    what: str
    is_on: bool  # it may be sent as things stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    chooser: Chooser
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the live kogda.yaml
    channels: tuple[Offer, ...] = ()
    topics: tuple[Offer, ...] = ()

    def topic_title(self, topic: str, language: str) -> str:
        """In another language where kogda.yaml has none in this one."""
        title = (self.settings.get("topics") or {}).get(topic)
        if isinstance(title, Mapping):
            title = title.get(language) or next(iter(title.values()), None)
        return str(title or topic)


async def find_person(runtime: ConsentRuntime, customer: UUID) -> Person | None:
    """Merges are followed. None: there is no such customer any more."""
    async with runtime.database.connection() as connection:
        chooser = await _follow(connection, customer, runtime.partitions)
        live = await live_rule_set(connection)
        policy = await runtime.texts.of(connection, live) if live is not None else None
        places = [(chooser.partition, chooser.id)] if chooser is not None else []
        contacts = await channels_with_contacts(connection, [each for each, _ in places], [each for _, each in places])
    if chooser is None:
        return None
    if policy is None:
        return Person(chooser=chooser)
    return Person(
        chooser=chooser,
        settings=policy.settings,
        channels=tuple(_channels(chooser, policy, contacts.get(chooser.id, frozenset()))),
        topics=tuple(
            Offer(what=topic, is_on=chooser.consent.get(topic, topic not in policy.confirmed))
            for topic in _marketing_topics(policy)
        ),
    )


async def live_settings(runtime: ConsentRuntime) -> Mapping[str, Any]:
    async with runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        return (await runtime.texts.of(connection, live)).settings if live is not None else {}


async def _follow(connection: Connection, customer: UUID, partitions: int) -> Chooser | None:
    for _ in range(_MOST_HOPS):
        chooser = await find_chooser(connection, partition_of(customer, partitions), customer)
        if chooser is None or chooser.merged_into is None:
            return chooser
        customer = chooser.merged_into
    return None


def _channels(chooser: Chooser, policy: PublishedTexts, contacts: frozenset[str]) -> list[Offer]:
    """Those that the workspace has templates for, and something was said about or could be sent by."""
    used = dict.fromkeys(channel for channel, _ in template_names(policy.sources))
    offered = [each for each in used if each in chooser.consent or _is_reached(chooser, each, contacts)]
    return [
        Offer(
            what=each,
            is_on=chooser.consent.get(each, policy.consent_policy == "unless_refused" and each not in policy.confirmed),
        )
        for each in offered
    ]


def _is_reached(chooser: Chooser, channel: str, contacts: frozenset[str]) -> bool:
    if channel in CONTACTS:
        return channel in contacts
    return address_of(channel, email=chooser.email, phone=chooser.phone, key=chooser.key) is not None


def _marketing_topics(policy: PublishedTexts) -> list[str]:
    """Topics that only service messages speak about are not for choosing: nobody can leave those."""
    spoken = {
        policy.templates(channel).topic(name)
        for channel, name in template_names(policy.sources)
        if name in policy.marketing
    }
    return [topic for topic in policy.settings.get("topics") or {} if topic in spoken]
