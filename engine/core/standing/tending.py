"""Keeps memberships and appointments true, and starts rules where a border is crossed or a moment comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from dsl.plan import SegmentTrigger
from engine.core.conditions.program import RuleCode
from engine.core.conditions.scope import attributes_of
from engine.core.model import Appointment, Event
from engine.core.runs.draft import Draft
from engine.core.standing.change import Change, Occasion
from engine.core.standing.index import LOOK, SegmentCode, Standing, WakeKey
from engine.core.standing.looking import keep_look, make_look, settle_look, was_merged
from engine.core.standing.planning import newest_until, plan_appointment
from engine.core.standing.starting import start
from engine.core.values import dig


def settle(draft: Draft) -> None:
    """Before anything is decided: what was noted by other definitions, or was never looked at, is noted by these.

    That is where an edit of a definition ends: it starts nothing (S14). A new customer was in no segment; one who was
    looked at is in those that are noted.
    """
    standing = draft.live.standing
    if standing is None and not (draft.memberships or draft.appointments):
        return
    is_known = draft.facts.is_looked_at and not was_merged(draft.appointments)
    _forget_what_is_gone(draft, standing)
    if standing is None:
        return
    _draw_lines(draft, standing, is_known=is_known or draft.is_new)
    for key, wake in standing.wakes.items():
        made = draft.appointments.get(key)
        if made is None or made.definition != wake.definition:
            # To a new customer everything is told for the first time: a date may be one to catch up with.
            draft.plan_again([key], "changed" if draft.is_new else "made")


def _draw_lines(draft: Draft, standing: Standing, *, is_known: bool) -> None:
    noted = draft.memberships
    if not is_known:
        draft.look_again(standing.sliding)
    for code in [standing.segments[name] for name in noted] if is_known else standing.segments.values():
        if noted.get(code.name) != code.definition:
            _note(draft, code, is_in=draft.scope().in_segment(code.name, draft.attributes))


def _forget_what_is_gone(draft: Draft, standing: Standing | None) -> None:
    for segment in draft.memberships:
        if standing is None or segment not in standing.segments:
            draft.leave(segment)
    settle_look(draft, standing)
    for key, kept in draft.appointments.items():
        if key[0] == "segment":
            continue
        if standing is not None and key[0] == "start" and key[1] in standing.asked:
            if kept.at is not None and kept.definition != standing.asked[key[1]]:
                draft.appoint(replace(kept, at=None))  # it was asked for by another definition
        elif standing is None or key not in standing.wakes:
            draft.appoint(Appointment(errand=kept.errand, name=kept.name, at=None))


def after_event(draft: Draft, event: Event, occasion: Occasion) -> None:
    """A decided event is history from now on."""
    standing = draft.live.standing
    if standing is None:
        return
    if event.name in standing.silences:
        draft.plan_again(standing.silences[event.name], "changed")
    concerned = standing.by_event.get(event.name, ())
    if draft.is_new:
        draft.is_new, concerned = False, tuple(standing.segments.values())
    _reassess(draft, concerned, occasion)


def after_change(draft: Draft, change: Change) -> None:
    standing = draft.live.standing
    if standing is None:
        return
    before, after = attributes_of(change.before), attributes_of(change.after)
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if "timezone" in names:
        draft.plan_again(standing.wakes, "moved")
    draft.plan_again((key for key, wake in standing.wakes.items() if wake.watches & names), "changed")
    for code, trigger, becomes in standing.changes:
        path = tuple(trigger.attribute.name.split("."))
        if path[0] not in names or dig(before, path) == dig(after, path):
            continue
        scope = draft.scope()
        if becomes is None or (becomes({}, after, scope) and not becomes({}, before, scope)):
            start(draft, code, change.occasion, told=f"{trigger.attribute.name} changed")
    segments = standing.segments.values()
    is_all = draft.is_new or "timezone" in names
    draft.is_new = False
    _reassess(draft, [code for code in segments if is_all or code.reads.attributes & names], change.occasion)


def make_appointments(draft: Draft) -> None:
    standing = draft.live.standing
    while standing is not None and (draft.to_plan or draft.to_look):
        if draft.to_look:
            make_look(draft)
        waiting, draft.to_plan = draft.to_plan, {}
        for key, why in sorted(waiting.items()):
            known = draft.appointments.get(key)
            made = plan_appointment(draft, standing.wakes[key], known, why)
            if made != known:
                draft.appoint(made)


def due(draft: Draft, horizon: datetime) -> list[tuple[WakeKey, datetime]]:
    return [(key, each.at) for key, each in draft.appointments.items() if each.at is not None and each.at <= horizon]


def keep(draft: Draft, key: WakeKey, horizon: datetime) -> None:
    """An appointment is due. The next one is made whatever becomes of this one."""
    standing, kept = draft.live.standing, draft.appointments[key]
    if standing is None or kept.at is None:
        return
    if key[0] == "start":
        _start_member(draft, draft.live.by_name[key[1]], kept)
        return
    if key == LOOK:
        due = keep_look(draft, standing, kept)
        draft.judged |= {code.name for code in due}
        _reassess(draft, due, Occasion(id=kept.at.isoformat(), at=kept.at))
        return
    draft.plan_again([key], "made")
    if key[0] == "inactivity":
        draft.appoint(replace(kept, at=None, done=kept.occasion))
        _start(draft, standing, key, at=kept.at, occasion=kept.occasion)
    else:
        at, occasion = newest_until(draft, standing.wakes[key].rule, kept, horizon)
        draft.appoint(replace(kept, at=None, done=occasion))
        _start(draft, standing, key, at=at, occasion=occasion)


def _start_member(draft: Draft, code: RuleCode, kept: Appointment) -> None:
    """Somebody asked for it when this customer was in the segment; who has left it since is left alone."""
    assert isinstance(code.rule.trigger, SegmentTrigger) and kept.at is not None
    if not draft.scope().in_segment(code.rule.trigger.segment, draft.attributes):
        draft.appoint(replace(kept, at=None))
        return
    draft.appoint(replace(kept, at=None, done=kept.occasion))
    start(draft, code, Occasion(id=kept.occasion, at=kept.at), told=f"customer in {code.rule.trigger.segment}")


def _start(draft: Draft, standing: Standing, key: WakeKey, *, at: datetime, occasion: str) -> None:
    code = standing.wakes[key].rule
    start(draft, code, Occasion(id=occasion, at=at), told=key[0], audience=standing.audiences.get(code.rule.name))


def _reassess(draft: Draft, segments: Iterable[SegmentCode], occasion: Occasion) -> None:
    standing = draft.live.standing
    assert standing is not None
    segments = tuple(segments)
    # Even where nothing changes, the next look at a window may.
    draft.look_again([code for code in segments if code.turn is not None])
    scope, attributes = draft.scope(), draft.attributes
    for code in segments:
        is_in = scope.in_segment(code.name, attributes)
        if is_in == (code.name in draft.memberships):
            continue
        _note(draft, code, is_in=is_in)
        verb = "enters" if is_in else "leaves"
        named = replace(occasion, id=f"{code.name} {verb} {occasion.id}")
        for rule in standing.borders.get((code.name, is_in), ()):
            start(draft, rule, named, told=f"customer {verb} {code.name}")
        scope, attributes = draft.scope(), draft.attributes  # what was started may have changed them


def _note(draft: Draft, code: SegmentCode, *, is_in: bool) -> None:
    if is_in:
        draft.join(code.name, code.definition)
    elif code.name in draft.memberships:
        draft.leave(code.name)
