"""A run of a rule that starts without an event: it has an empty one, and its id comes from the occasion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.core.conditions.expressions import Test
from engine.core.conditions.program import RuleCode
from engine.core.identity import id_part, naming, part, uuid_of
from engine.core.model import Event
from engine.core.runs.answering import answer
from engine.core.runs.draft import Draft
from engine.core.standing.change import Occasion


def naming_of_occasion(rule: str, occasion: str) -> Callable[[Iterable[str]], tuple[list[bytes], list[bytes]]]:
    """Ids of events and of runs, for customers by the hexadecimal digits of their ids."""
    events_of, runs_of, last = naming("occasion", rule), naming("run", rule), part(occasion)

    def ids_of(customers: Iterable[str]) -> tuple[list[bytes], list[bytes]]:
        who = [id_part(customer) for customer in customers]
        events = events_of(each + last for each in who)
        return events, runs_of(each + id_part(event.hex()) for each, event in zip(who, events, strict=True))

    return ids_of


def start(draft: Draft, code: RuleCode, occasion: Occasion, *, told: str, audience: Test | None = None) -> None:
    """Unless the rule is not active, or somebody's guard or audience says no. `told` goes into the run's record."""
    if not occasion.starts or not code.active_from <= occasion.at < code.active_until:
        return
    ids_of = naming_of_occasion(code.rule.name, occasion.id)
    event_id, run = (uuid_of(made) for [made] in ids_of([draft.customer.id.hex]))
    event = Event(
        id=event_id,
        customer=draft.customer.id,
        kind="track",
        name="",
        at=occasion.at,
        received_at=draft.now,
        properties={},
        cause=occasion.cause,
    )
    with draft.attempt(code.rule.name, draft.live.rule_set, event=occasion.event, run=run):
        scope = draft.scope().of_run(occasion.at, arrived=None)
        if audience is not None and not audience({}, draft.attributes, scope):
            return
        if all(guard.holds({}, draft.attributes, scope) for guard in code.guards):
            answer(draft, draft.live, code, event, told=told)
