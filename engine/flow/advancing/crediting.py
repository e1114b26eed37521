"""A goal was reached: which message gets the credit. Part of the batch that saw it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.model import Run
from engine.flow.delivery.tracking_content import tracking_of
from engine.runtime import Runtime
from engine.storage.database import Connection
from engine.storage.delivery.conversions import GoalEvent, ReachedGoal, credit_messages, events_of_goals
from engine.tracking.revenue import revenue_of


async def credit_goals(
    connection: Connection, runtime: Runtime, goals: Sequence[tuple[int, Run]], *, live: int
) -> None:
    """`goals`: runs that have just reached theirs, with their partitions. After the batch's own events are written."""
    texts = await runtime.texts.of(connection, live)
    policy = tracking_of(texts)
    wanted = [_event_of(partition, run, runtime) for partition, run in goals]
    found = await events_of_goals(connection, wanted)
    reached = []
    for (partition, run), goal in zip(goals, wanted, strict=True):
        if goal in found:
            event, properties = found[goal]
            revenue, currency = revenue_of(properties, policy.revenue, texts.currency)
            reached.append(ReachedGoal(partition, run.customer, run.id, event, goal.at, revenue, currency))
    if reached:
        await credit_messages(connection, reached, policy.credit)


def _event_of(partition: int, run: Run, runtime: Runtime) -> GoalEvent:
    goal = runtime.programs.by_id[run.rule_set].by_name[run.rule].rule.goal
    assert goal is not None and run.goal_at is not None
    return GoalEvent(partition, run.customer, run.goal_at, goal.match.events)
