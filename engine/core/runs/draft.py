"""What one call of `advance` has decided so far, for one customer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.core import calendar
from engine.core.conditions.history import with_event
from engine.core.conditions.program import Order, Program, RuleCode
from engine.core.conditions.recall import recall_of
from engine.core.conditions.scope import Scope, attributes_of
from engine.core.delivery.consent import ConsentEntry
from engine.core.effects import (
    NOTHING,
    Effects,
    Failure,
    Misfit,
    NewMessage,
    Note,
    NoteKind,
    PointsEntry,
    PromoIssue,
    Withdrawal,
)
from engine.core.model import Appointment, CountMark, Customer, Event, Facts, Membership, OnceMark, Past, Run
from engine.core.reasons.of_runs import FINISHED
from engine.core.runs.attempt import Attempt
from engine.core.runs.deeds import Recall
from engine.core.runs.run_index import RunIndex
from engine.core.standing.change import Change
from engine.core.standing.index import WHYS, SegmentCode, WakeKey, Why
from engine.core.values import Values

_NONE: Mapping[Any, Any] = MappingProxyType({})
_BY_AGE = attrgetter("began_at", "id")
#: What few calls change, besides runs, messages and notes; and of it what is part of the effects as it is.
_AS_THEY_ARE = ("withdrawals", "released", "emitted", "points", "issued", "consents", "misfits", "failures")
_rare = attrgetter(*_AS_THEY_ARE, "marks", "short_of")

#: Steps that one call may take for one customer, and steps that one run may take in its life.
MOST_STEPS = 10_000


_Mark = TypeVar("_Mark", OnceMark, CountMark)


class UnknownRuleSet(LookupError):
    """A run is pinned to a rule that was not given. The flow must load every rule set that has runs."""


class Draft:
    """Mutable, and local to one call. `attempt` makes a unit of work all or nothing.

    There is one for every customer of every batch, and most leave most of it alone: what a class attribute says for
    all of them costs none of them anything. All of those are replaced and never changed in place.
    """

    messages: tuple[NewMessage, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    notes: tuple[Note, ...] = ()
    emitted: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()
    points: tuple[PointsEntry, ...] = ()
    issued: tuple[PromoIssue, ...] = ()
    consents: tuple[ConsentEntry, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    released: tuple[UUID, ...] = ()
    marks: Mapping[tuple[str, str], OnceMark] = _NONE
    short_of: Mapping[str, int] = _NONE
    to_plan: Mapping[WakeKey, Why] = _NONE  # appointments to be made anew
    to_look: Mapping[str, SegmentCode] = _NONE  # segments that time may change at another moment than before
    judged: frozenset[str] = frozenset()  # segments that were looked at because a moment came
    met: frozenset[tuple[UUID, UUID]] = frozenset()  # run and event: taken for the next part of a sequence
    steps = 0
    _scope: Scope | None = None
    _attributes: Values | None = None
    _known: RunIndex | None = None

    def __init__(self, programs: Mapping[int, Program], live: Program, facts: Facts, now: datetime) -> None:
        self.programs = programs
        self.live = live
        self.now = now
        self.customer = facts.customer
        self.runs: dict[UUID, Run] = {}
        self.seen: dict[str, datetime] = facts.last_seen
        self.once: Mapping[tuple[str, str], OnceMark] = _by_rule_and_key(facts.once) if facts.once else _NONE
        self.counted: Mapping[tuple[str, str], CountMark] = _by_rule_and_key(facts.counted) if facts.counted else _NONE
        self.history: dict[str, tuple[Past, ...]] = facts.history
        self.last_messages: dict[str, datetime] = facts.last_messages
        self.codes = facts.codes
        self.queue: deque[Event | Change] = deque()
        self.is_new = facts.is_new
        self.memberships: dict[str, str] = facts.memberships
        self.appointments: Mapping[WakeKey, Appointment] = (
            {(each.errand, each.name): each for each in facts.appointments} if facts.appointments else _NONE
        )
        self._appointments_before = self.appointments
        self.facts = facts
        self._undo: list[tuple[UUID, Run | None]] = []  # what runs were before the present attempt
        self.pinned: Sequence[UUID] = ()
        if facts.runs:
            self.runs = {run.id: run for run in sorted(facts.runs, key=_BY_AGE)}
            self.pinned = [run.id for run in self.runs.values() if run.state != "ended"]

    # what may be read

    @property
    def is_exhausted(self) -> bool:
        return self.steps >= MOST_STEPS

    @property
    def attributes(self) -> Values:
        if self._attributes is None:
            self._attributes = attributes_of(self.customer)
        return self._attributes

    def active_runs(self) -> list[Run]:
        """Runs that have not ended, oldest first."""
        return [run for run in self.runs.values() if run.state != "ended"]

    def runs_of(self, rule: str) -> list[Run]:
        """Runs of a rule that have not ended, oldest first."""
        if not self.runs:
            return []
        known = [self.runs.get(run_id) for run_id in self._index().by_rule.get(rule, ())]
        return [run for run in known if run is not None and run.state != "ended"]

    def runs_concerned(self, event: str) -> list[Run]:
        """Runs that an event of this name may stop, move or measure, in the order their rules act."""
        ids = self._index().by_event.get(event, ())
        concerned = [run for run_id in ids if (run := self.runs.get(run_id)) is not None]
        if len(concerned) > 1:
            concerned.sort(key=self.order_of)
        return concerned

    def order_of(self, run: Run) -> Order:
        code = self.find_code(run)
        return code.order if code is not None else (0, "", 0, run.rule)

    def find_code(self, run: Run) -> RuleCode | None:
        program = self.programs.get(run.rule_set)
        return program.by_name.get(run.rule) if program is not None else None

    def code_of(self, run: Run) -> RuleCode:
        code = self.find_code(run)
        if code is None:
            raise UnknownRuleSet(f"rule {run.rule!r} of rule set {run.rule_set} is not loaded")
        return code

    def zone_of(self, code: RuleCode) -> ZoneInfo:
        return code.zone or calendar.zone_named(self.customer.timezone) or code.workspace_zone

    def scope(self) -> Scope:
        """This moment, before any run began."""
        if self._scope is None:
            self._scope = self.scope_at(self.now)
        self._scope.segments = self.live.segments
        return self._scope.of_run(self.now, arrived=None)

    def scope_at(self, moment: datetime) -> Scope:
        """What is known by now, seen from another moment."""
        return Scope(
            now=moment,
            zone=calendar.zone_named(self.customer.timezone) or self.live.zone,
            seen=self.seen,
            history=self.history,
            leap_day=self.live.plan.leap_day,
            segments=self.live.segments,
        )

    def scope_of(self, run: Run) -> Scope:
        scope = self.scope().of_run(run.began_at, arrived=run.arrived, issued=str(run.issue) in run.promos)
        if run.rule_set in self.programs:
            scope.segments = self.programs[run.rule_set].segments
        return scope

    def recall(self, run: Run) -> Recall:
        """How a run's steps read history at this moment."""
        currency = self.programs[run.rule_set].plan.currency
        zone = self.code_of(run).zone
        return recall_of(self.scope_of(run), run.event, self.attributes, currency=currency, zone=zone)

    # what may be changed

    def see(self, event: Event) -> None:
        """An event is part of history from now on (D9), if any rule asks for it."""
        name, is_remembered, is_read = event.name, False, False
        for program in self.programs.values():
            is_remembered = is_remembered or name in program.remembers
            is_read = is_read or name in program.reads
        if is_remembered:
            self.history = with_event(self.history, name, Past(event.at, event.properties))
            self._scope = None
        if is_read and ((newest := self.seen.get(name)) is None or event.at > newest):
            self.seen = {**self.seen, name: event.at}
            self._scope = None

    def change_customer(self, customer: Customer) -> None:
        self._scope = None
        self.customer = customer
        self._attributes = None

    def put(self, run: Run) -> Run:
        before = self.runs.get(run.id)
        self._undo.append((run.id, before))
        self.runs[run.id] = run
        if self._known is not None and (before is None or before.rule_set != run.rule_set):
            self._known.add(run, self.find_code(run))
        return run

    def _index(self) -> RunIndex:
        """Made when it is first asked: timers and verdicts name their run."""
        if self._known is None:
            self._known = RunIndex()
            for run in self.runs.values():
                self._known.add(run, self.find_code(run))
        return self._known

    def note(self, run: Run, what: NoteKind, detail: str, *, line: int = 0) -> None:
        self.notes += (Note(run=run.id, at=self.now, line=line, what=what, detail=detail),)

    def end(self, run: Run, reason: str, *, line: int = 0, taken: int | None = None) -> Run:
        """The run is over. What it still has in the queue is withdrawn by the caller, when it must be."""
        if reason != FINISHED.recorded:
            self.note(run, "ended", reason, line=line)
        ended = run.but(
            state="ended",
            wake_at=None,
            since=None,
            waits_for_event=False,
            ended_at=self.now,
            end_reason=reason,
            taken=run.taken if taken is None else taken,
        )
        return self.put(ended)

    def withdraw(self, run: Run, reason: str) -> bool:
        """A message of the run that is not handed over yet must not go out. True if it was made in this very batch,
        and so never was."""
        if run.state != "sending":
            return False
        kept = tuple([message for message in self.messages if message.run != run.id or message.is_outward])
        if len(kept) != len(self.messages):
            self.messages = kept
            return True
        self.withdrawals += (Withdrawal(run=run.id, reason=reason),)
        return False

    def reserve(self, mark: OnceMark) -> None:
        self.once = {**self.once, (mark.rule, mark.key): mark}
        self.marks = {**self.marks, (mark.rule, mark.key): mark}
        self.released = tuple(run for run in self.released if run != mark.run)

    def release(self, mark: OnceMark) -> None:
        place = (mark.rule, mark.key)
        self.once = {key: kept for key, kept in self.once.items() if key != place}
        self.marks = {key: kept for key, kept in self.marks.items() if key != place}
        self.released = (*self.released, mark.run)

    def count_from(self, mark: CountMark) -> None:
        self.counted = {**self.counted, (mark.rule, mark.key): mark}

    def emit(self, event: Event) -> None:
        self.emitted += (event,)
        self.queue.append(event)

    def join(self, segment: str, definition: str) -> None:
        self.memberships = {**self.memberships, segment: definition}

    def leave(self, segment: str) -> None:
        self.memberships = {name: definition for name, definition in self.memberships.items() if name != segment}

    def appoint(self, appointment: Appointment) -> None:
        self.appointments = {**self.appointments, (appointment.errand, appointment.name): appointment}

    def plan_again(self, keys: Iterable[WakeKey], why: Why) -> None:
        """The weightiest reason counts."""
        weighed = {key: max(why, self.to_plan.get(key, why), key=WHYS.index) for key in keys}
        self.to_plan = {**self.to_plan, **weighed}

    def look_again(self, segments: Iterable[SegmentCode]) -> None:
        self.to_look = {**self.to_look, **{code.name: code for code in segments}}

    # all or nothing

    def attempt(self, rule: str, rule_set: int, *, event: UUID | None = None, run: UUID | None = None) -> Attempt:
        """Undo what the block did when it raises, and report it: one rule's fault is not another's."""
        return Attempt(self, rule, rule_set, event, run)

    def begin_undo(self) -> None:
        """From here on `put_back` brings the runs back."""
        self._undo.clear()

    def put_back(self) -> None:
        for run_id, before in reversed(self._undo):
            if before is None:
                del self.runs[run_id]
            else:
                self.runs[run_id] = before
        self._scope = self._attributes = None

    def effects(self) -> Effects:
        runs, counted, standing = self._changed_runs(), self._newly_counted(), self._standing()
        customer = None if self._is_customer_as_before() else self.customer
        if counted or any(_rare(self)):
            return Effects(
                customer=customer,
                runs=runs,
                messages=self.messages,
                notes=self.notes,
                counted=counted,
                marks=tuple(self.marks.values()),
                short_of=dict(self.short_of),
                **{name: getattr(self, name) for name in _AS_THEY_ARE},
                **standing,
            )
        if runs or standing or self.messages or self.notes or self.customer is not self.facts.customer:
            return Effects(customer=customer, runs=runs, messages=self.messages, notes=self.notes, **standing)
        return NOTHING

    def _changed_runs(self) -> tuple[Run, ...]:
        """Those that were there before are one version further on."""
        if not self.runs:
            return ()
        before = {run.id: run for run in self.facts.runs}
        if not before:
            return tuple(self.runs.values())
        changed = []
        for run in self.runs.values():
            known = before.get(run.id)
            if known is None:
                changed.append(run)
            elif known is not run and not run.is_as(known):
                changed.append(run.but(version=known.version + 1))
        return tuple(changed)

    def _is_customer_as_before(self) -> bool:
        return self.customer is self.facts.customer or self.customer == self.facts.customer

    def _newly_counted(self) -> tuple[CountMark, ...]:
        if not self.counted:
            return ()
        known = set(self.facts.counted)
        return tuple(mark for mark in self.counted.values() if mark not in known)

    def _standing(self) -> Mapping[str, Any]:
        """Changed memberships and appointments; empty when nothing of the kind has changed."""
        known, made = self.facts.memberships, self._appointments_before
        if self.memberships is known and self.appointments is made:
            return _NONE
        changed: dict[str, tuple[Any, ...]] = {}
        if self.memberships is not known:
            changed["memberships"] = tuple(self._changed_memberships(known, self.memberships))
        if self.appointments is not made:
            changed["appointments"] = tuple(
                [
                    each
                    for key, each in self.appointments.items()
                    if not _is_as(made.get(key), each) and (key in made or each.at is not None or each.definition)
                ]
            )
        return {name: rows for name, rows in changed.items() if rows}

    def _changed_memberships(self, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Membership]:
        for segment, definition in after.items():
            if before.get(segment) != definition:
                yield Membership(segment=segment, definition=definition, is_in=True, since=self.now)
        for segment, definition in before.items():
            if segment not in after:
                yield Membership(segment=segment, definition=definition, is_in=False, since=self.now)


def _is_as(before: object, after: object) -> bool:
    """Most often it is the very same, which a comparison of all fields would not notice."""
    return before is after or before == after


def _by_rule_and_key(marks: Iterable[_Mark]) -> dict[tuple[str, str], _Mark]:
    return {(mark.rule, mark.key): mark for mark in marks}
