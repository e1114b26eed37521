"""A yes that an app tells is only asked for, where the workspace wants it confirmed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from dsl.double_opt_in import asked_event
from engine.core.consent import ConsentEntry, asked_mark
from engine.core.identity import derived_id
from engine.core.model import Customer, Event

#: Apps tell what they know with every visit: nobody is asked about one thing more often than this.
ASKED_AGAIN_AFTER = timedelta(days=7)


def held_back(before: Customer, after: Customer, keys: Collection[str]) -> tuple[Customer, tuple[str, ...]]:
    """The customer without what needs a confirmation, and what that is."""
    wanted = tuple(what for what in keys if after.consent.get(what) is True and before.consent.get(what) is not True)
    if not wanted:
        return after, ()
    kept = {what: given for what, given in after.consent.items() if what not in wanted}
    kept |= {what: before.consent[what] for what in wanted if what in before.consent}
    return replace(after, consent=kept), wanted


def to_ask(customer: Customer, wanted: Collection[str], at: datetime) -> list[str]:
    """Of `wanted`, what was not asked lately."""
    asked = {what: customer.chosen.get(asked_mark(what)) for what in wanted}
    return [
        what for what, when in asked.items() if when is None or at - datetime.fromisoformat(when) >= ASKED_AGAIN_AFTER
    ]


def with_asked(customer: Customer, what: str, at: datetime) -> Customer:
    return replace(customer, chosen={**customer.chosen, asked_mark(what): at.isoformat()})


def asking(event: Event, what: str) -> tuple[ConsentEntry, Event]:
    """The line of the history, and what the rule that asks by mail starts on."""
    ident = derived_id("consent", event.id.hex, what, "asked")
    entry = ConsentEntry(id=ident, at=event.at, what=what, given=None, how="asked")
    asked = Event(
        id=ident,
        customer=event.customer,
        kind="track",
        name=asked_event(what),
        at=event.at,
        received_at=event.received_at,
        properties={"what": what},
        historical=event.historical,
    )
    return entry, asked
