"""When time alone may next move a customer over the border of a segment: one appointment for all their segments.

It is never later than the first such instant, and often earlier: most of what happens moves that instant further away,
and what need not be written costs nothing. When it comes due, the exact instants are told from the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from engine.core.calendar import FAR
from engine.core.conditions.scope import Scope
from engine.core.model import Appointment
from engine.core.runs.draft import Draft
from engine.core.standing.index import LOOK, SegmentCode, Standing, WakeKey
from engine.core.values import Values

DEFINITION = "look"  # an appointment that a merge left behind has none: nothing is known of that customer

_INSTANT = timedelta(microseconds=1)


def was_merged(appointments: Mapping[WakeKey, Appointment]) -> bool:
    known = appointments.get(LOOK)
    return known is not None and not known.definition


def settle_look(draft: Draft, standing: Standing | None) -> None:
    """Rows for single segments, as they once were, are for all of them now."""
    for key, known in draft.appointments.items():
        if key[0] != LOOK[0] or (key == LOOK and known.definition and standing is not None and standing.sliding):
            continue
        _call_off(draft, known)
        if standing is not None and standing.sliding and known.definition and known.at is not None:
            _look_by(draft, known.at)


def make_look(draft: Draft) -> None:
    """For segments of which something has changed. What was to come for the others is not later than before."""
    waiting, draft.to_look = draft.to_look, {}
    scope, attributes, known = draft.scope(), draft.attributes, draft.appointments.get(LOOK)
    before = planned = known.at if known is not None and known.at is not None else FAR
    for code in waiting.values():
        at = _next_turn(code, scope, attributes, before)
        if at is not None and at < before:
            before = at
    if before < planned:
        _look_by(draft, before)


def keep_look(draft: Draft, standing: Standing, kept: Appointment) -> list[SegmentCode]:
    """The segments that may turn at the very moment of the appointment. The next one is made for the others."""
    assert kept.at is not None
    before, now = draft.scope_at(kept.at - _INSTANT), draft.scope()
    turns = [
        (at, code)
        for code in standing.sliding
        if (at := _next_turn(code, now if code.name in draft.judged else before, draft.attributes, FAR)) is not None
    ]
    _call_off(draft, kept)
    if later := [at for at, _ in turns if at > kept.at]:
        _look_by(draft, min(later))
    return [code for at, code in turns if at <= kept.at]


def _next_turn(code: SegmentCode, scope: Scope, attributes: Values, before: datetime) -> datetime | None:
    if code.turn is None or (code.gate is not None and not code.gate({}, attributes, scope)):
        return None
    return code.turn(scope, attributes, {}, before)


def _look_by(draft: Draft, at: datetime) -> None:
    known = draft.appointments.get(LOOK)
    if known is None or known.at is None or at < known.at:
        draft.appoint(Appointment(errand=LOOK[0], name=LOOK[1], at=at, definition=DEFINITION))


def _call_off(draft: Draft, known: Appointment) -> None:
    draft.appoint(replace(known, at=None, definition=""))
