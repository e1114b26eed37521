"""A yes that an app tells is only asked for, where the workspace wants it confirmed."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dsl.compiling.double_opt_in import asked_event
from dsl.plan import JSON
from engine.core.delivery.consent import ConsentEntry, asked_mark
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


def with_asked(customer: Customer, together: Collection[str], at: datetime) -> Customer:
    marks = {asked_mark(what): at.isoformat() for what in together}
    return replace(customer, chosen={**customer.chosen, **marks})


def by_mail(wanted: Sequence[str], mails: Mapping[str, str]) -> list[list[str]]:
    """What one mail asks about, by the templates that ask: whoever ticks two boxes of a form presses one link."""
    together: dict[str, list[str]] = {}
    for what in wanted:
        together.setdefault(mails.get(what, what), []).append(what)
    return list(together.values())


def asking(event: Event, together: Sequence[str]) -> tuple[tuple[ConsentEntry, ...], Event]:
    """The lines of the history, and what the rule that asks by mail starts on."""
    first, *others = together
    also: dict[str, JSON] = {"also": list(others)} if others else {}
    entries = tuple(
        ConsentEntry(id=_derived(event, what), at=event.at, what=what, given=None, how="asked") for what in together
    )
    asked = Event(
        id=_derived(event, first),
        customer=event.customer,
        kind="track",
        name=asked_event(first),
        at=event.at,
        received_at=event.received_at,
        properties={"what": first, **also},
        historical=event.historical,
    )
    return entries, asked


def asked_about(context: Mapping[str, Any], confirmed: Container[str]) -> tuple[str, ...]:
    """What a message asks for with a link to confirm, by what it was made with. Empty: it does not ask."""
    event = context.get("event") or {}
    words = (event.get("what"), *(event.get("also") or ()))
    return tuple(what for what in words if isinstance(what, str) and what in confirmed)


def _derived(event: Event, what: str) -> UUID:
    return derived_id("consent", event.id.hex, what, "asked")
