"""The numbers of a server's own customers, for `kogda check --against`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dsl.around import Observed
from dsl.catalog import Catalog, EventType
from dsl.kinds import Kind
from dsl.plan import EventFacts, Plan
from engine.flow.checking.observed import DAYS, Happening, observe
from engine.storage.customers.observations import event_counts, known_attributes, oldest_event, sample_events
from engine.storage.database import Connection
from engine.storage.runs.promo_codes import pool_sizes
from engine.storage.segments.memberships import segment_sizes

MOST_SAMPLED = 200_000  # events from which shares and sequences are told


async def observe_customers(connection: Connection, plan: Plan) -> Observed:
    """Counts are of everybody; shares, and what followed what, of a sample of customers where there are many events."""
    counts = await event_counts(connection, DAYS)
    every = max(1, -(-sum(each.events for each in counts) // MOST_SAMPLED))
    sampled = await sample_events(connection, DAYS, every)
    happenings = [Happening(each.name, each.customer, each.at, frozenset(each.keys)) for each in sampled]
    customers, known = await known_attributes(connection)
    return replace(
        observe(happenings, _catalog(plan.events)) or Observed(days=DAYS),
        history_since=await oldest_event(connection),
        customers=customers,
        events={each.name: each.events for each in counts},
        doers={each.name: each.customers for each in counts},
        attributes={name: count / customers for name, count in known.items()} if customers else {},
        segments=await segment_sizes(connection, {name: each.hash for name, each in plan.segments.items()}),
        promo_codes={each.pool: each.free for each in await pool_sizes(connection)},
    )


def _catalog(events: Mapping[str, EventFacts]) -> Catalog:
    return Catalog(
        events={
            name: EventType(
                name=name,
                key=facts.key,
                cancelled_by=facts.cancelled_by,
                properties={each: Kind(name=kind) for each, kind in facts.properties.items()},
            )
            for name, facts in events.items()
        }
    )
