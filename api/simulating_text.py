"""A few events through the rules that somebody is writing: what they would send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.ingest.names import event_name, trait_names
from api.schemas.simulation import EndedRun, SentMessageTold, SimulatedText, SimulateQuestion
from dsl.catalog import Catalog
from dsl.plan import Plan
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.world import World

#: Schedules have no end: they come for so long after the last event.
_AFTER = timedelta(days=31)


def simulated_text(
    plan: Plan, catalog: Catalog, question: SimulateQuestion, diagnostics: list[dict[str, Any]]
) -> SimulatedText:
    """Raises what a world raises."""
    events = sorted(question.events, key=lambda each: each.at)
    has_addresses = any(each.event is None and {"email", "phone"} & each.values.keys() for each in events)
    delivery = Delivery.of(catalog, reaches_all=not has_addresses)
    world = World(load_program(plan, 1, ACTIONS), now=events[0].at, delivery=delivery)
    for each in events:
        world.up_to(each.at)
        if each.event is None:
            world.learn(trait_names(each.values), of=each.customer)
        else:
            world.event(event_name(each.event), each.values, of=each.customer)
    world.finish(recurring_until=events[-1].at + _AFTER)
    return SimulatedText(messages=_messages(world), ended=_ended(world), diagnostics=diagnostics)


def _messages(world: World) -> list[SentMessageTold]:
    return [
        SentMessageTold(
            at=each.at,
            customer=each.customer,
            channel=each.spoken_channel,
            template=each.template,
            rule=each.rule,
            state=each.state,
            reason=each.reason,
        )
        for each in world.messages
    ]


def _ended(world: World) -> list[EndedRun]:
    return [
        EndedRun(at=each.at, customer=each.customer, rule=each.rule, reason=each.detail)
        for each in world.timeline
        if each.what == "ended"
    ]
