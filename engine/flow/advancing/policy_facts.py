"""Facts that only few rules ask for: places among the first customers, the channel that delivered last, contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from engine.core.conditions.program import Program
from engine.core.delivery.channel_choice import NO_REACTIONS, Reactions
from engine.core.effects import Effects
from engine.core.model import PLACE, Facts
from engine.storage.customers.contacts import channels_with_contacts
from engine.storage.database import Connection
from engine.storage.delivery.counted import delivered_by, lock_places, places_taken
from engine.storage.delivery.reaction_rates import reactions_by_channel


async def with_policy_facts(
    connection: Connection,
    facts: Mapping[UUID, Facts],
    programs: Sequence[Program],
    *,
    partitions: Mapping[UUID, int],
) -> dict[UUID, Facts]:
    """Adds these facts. While an `only first N customers` has places left, batches that could take one wait in turn."""
    places = await _places(connection, _limits(programs))
    channels: Mapping[UUID, str] = {}
    contacts: Mapping[UUID, frozenset[str]] = {}
    reactions: Mapping[UUID, Reactions] = {}
    if any(program.chooses for program in programs):
        whose = [partitions[customer] for customer in facts], list(facts)
        channels = await delivered_by(connection, *whose)
        contacts = await channels_with_contacts(connection, *whose)
        reactions = await reactions_by_channel(connection, *whose)
    return {
        customer: replace(
            each,
            places=places,
            delivered_by=channels.get(customer),
            contacts=contacts.get(customer, frozenset()),
            reactions=reactions.get(customer, NO_REACTIONS),
        )
        for customer, each in facts.items()
    }


def _limits(programs: Sequence[Program]) -> dict[str, int]:
    """The number of places by rule; of two versions of a rule the larger one."""
    limits: dict[str, int] = {}
    for program in programs:
        for rule, limit in program.limited.items():
            limits[rule] = max(limit, limits.get(rule, 0))
    return limits


async def _places(connection: Connection, limits: Mapping[str, int]) -> dict[str, int]:
    if not limits:
        return {}
    taken = await places_taken(connection, limits.keys(), PLACE)
    open_ = [rule for rule, limit in limits.items() if taken[rule] < limit]
    if open_:
        await lock_places(connection, open_)
        taken |= await places_taken(connection, open_, PLACE)
    return taken


def with_places_of(places: dict[str, int], facts: Facts, effects: Effects) -> dict[str, int]:
    """How many are taken after one more customer of the batch was decided."""
    mine = {mark.rule for mark in facts.once if mark.key == PLACE}
    new = [mark.rule for mark in effects.marks if mark.key == PLACE and mark.rule not in mine]
    return {**places, **{rule: places.get(rule, 0) + 1 for rule in new}} if new else places
