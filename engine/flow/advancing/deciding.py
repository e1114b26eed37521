"""Runs the pure core for each customer of a batch, and gathers its effects for the bulk writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from uuid import UUID

from engine.core.conditions.program import Program
from engine.core.delivery.consent import ConsentEntry
from engine.core.effects import Effects, Failure, Misfit, NewMessage, Note, PointsEntry, PromoIssue, Withdrawal
from engine.core.model import Appointment, CountMark, Customer, Event, Facts, Membership, OnceMark, Run
from engine.core.reasons.of_runs import FAILED
from engine.core.runs.advancing import advance
from engine.flow.advancing.batch import MOST_HOPS, Batch
from engine.flow.advancing.crowds import Copied, copied
from engine.flow.advancing.policy_facts import with_places_of
from engine.flow.advancing.promo_codes import ShortOfCodes, with_codes
from engine.storage.database import Connection
from engine.storage.events.quarantine import Quarantined
from engine.storage.events.stored import event_of

_HOMELESS = "its customer was merged into another, and that one again, without an end"


@dataclass(slots=True)
class Decisions:
    """The effects of many customers, column by column, each with its partition."""

    customers: list[tuple[int, Customer]] = field(default_factory=list)
    runs: list[tuple[int, Run]] = field(default_factory=list)  # changed ones
    new_runs: list[tuple[int, Run]] = field(default_factory=list)
    messages: list[tuple[int, NewMessage]] = field(default_factory=list)
    withdrawals: list[tuple[int, Withdrawal]] = field(default_factory=list)
    marks: list[tuple[int, UUID, OnceMark]] = field(default_factory=list)
    counted: list[tuple[int, UUID, CountMark]] = field(default_factory=list)
    released: list[tuple[int, UUID, UUID]] = field(default_factory=list)
    goals: list[tuple[int, Run]] = field(default_factory=list)  # runs that have just reached theirs
    emitted: list[tuple[int, str, Event]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    memberships: list[tuple[int, UUID, Membership]] = field(default_factory=list)  # changed ones
    new_memberships: list[tuple[int, UUID, Membership]] = field(default_factory=list)
    appointments: list[tuple[int, UUID, Appointment]] = field(default_factory=list)  # changed ones
    new_appointments: list[tuple[int, UUID, Appointment]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    points: list[tuple[int, UUID, PointsEntry]] = field(default_factory=list)
    issued: list[tuple[int, UUID, PromoIssue]] = field(default_factory=list)
    consents: list[tuple[int, UUID, ConsentEntry]] = field(default_factory=list)
    misfits: list[tuple[UUID, str, Misfit]] = field(default_factory=list)  # with the customer's id and key
    short: list[ShortOfCodes] = field(default_factory=list)  # not added yet: see `add_short`
    copied: list[Copied] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)  # taken by those that were added, of rules with a limit

    def add(self, partition: int, facts: Facts, effects: Effects) -> None:
        if effects.customer is not None and _is_saved(facts.customer, effects.customer):
            self.customers.append((partition, effects.customer))
        if effects.runs or effects.released:
            known = {run.id for run in facts.runs}
            for run in effects.runs:
                (self.runs if run.id in known else self.new_runs).append((partition, run))
                if run.goal_at is not None and not _had_reached(run, facts):
                    self.goals.append((partition, run))
            self.notes += [(partition, note) for note in effects.notes]
            self.messages += [(partition, message) for message in effects.messages]
            self.withdrawals += [(partition, withdrawal) for withdrawal in effects.withdrawals]
            self.marks += [(partition, facts.customer.id, mark) for mark in effects.marks]
            self.released += [(partition, facts.customer.id, run) for run in effects.released]
            self.points += [(partition, facts.customer.id, entry) for entry in effects.points]
            self.issued += [(partition, facts.customer.id, issue) for issue in effects.issued]
        self.emitted += [(partition, facts.customer.key, event) for event in effects.emitted]
        self.consents += [(partition, facts.customer.id, entry) for entry in effects.consents]
        self.misfits += [(facts.customer.id, facts.customer.key, misfit) for misfit in effects.misfits]
        if effects.memberships or effects.appointments:
            self._add_standing(partition, facts, effects)
        self.counted += [(partition, facts.customer.id, mark) for mark in effects.counted]
        self.failures += effects.failures

    def _add_standing(self, partition: int, facts: Facts, effects: Effects) -> None:
        for row in effects.memberships:
            is_new = row.segment not in facts.memberships
            (self.new_memberships if is_new else self.memberships).append((partition, facts.customer.id, row))
        known = {(each.errand, each.name) for each in facts.appointments}
        for made in effects.appointments:
            is_new = (made.errand, made.name) not in known and made.definition != ""
            (self.new_appointments if is_new else self.appointments).append((partition, facts.customer.id, made))

    def end(self, partition: int, run: Run, now: datetime, *, reason: str, detail: str = "") -> None:
        """End the run, whatever was decided for it before, and withdraw its queued messages."""
        column = self.new_runs if any(each.id == run.id for _, each in self.new_runs) else self.runs
        column[:] = [(place, each) for place, each in column if each.id != run.id]
        column.append((partition, _ended(run, now, reason)))
        self.notes.append((partition, Note(run=run.id, at=now, line=0, what="ended", detail=detail or reason)))
        self.withdrawals.append((partition, Withdrawal(run=run.id, reason=reason)))


#: The fields of a customer that are compared and written. The balance of points is not: it comes from the ledger.
_saved = attrgetter(*(each.name for each in fields(Customer) if each.name != "points"))


def _is_saved(before: Customer, after: Customer) -> bool:
    return bool(_saved(before) != _saved(after))


def _had_reached(run: Run, facts: Facts) -> bool:
    return any(each.id == run.id and each.goal_at is not None for each in facts.runs)


def decide(batch: Batch, programs: Mapping[int, Program]) -> Decisions:
    """Decide every customer of the batch; nothing is written yet. Raises NotForAll."""
    decisions = Decisions()
    firsts: dict[UUID, Effects | None] = {crowd.first[1]: None for crowd in batch.standing.crowds}
    live = batch.live.program.rule_set
    horizons = batch.horizons
    places: dict[str, int] | None = None
    for customer, facts in batch.facts.items():
        work = batch.works[customer]
        if facts.places:
            facts = replace(facts, places=facts.places if places is None else places)
        decide_one = partial(
            advance,
            programs,
            live,
            events=[event_of(row) for row in work.events],
            outcomes=work.outcomes,
            now=batch.now,
            horizon=horizons[work.partition],
        )
        effects = decide_one(facts)
        if effects.short_of:
            decisions.short.append(ShortOfCodes(facts, effects, decide_one))
            continue
        if customer in firsts:
            firsts[customer] = effects
        decisions.add(work.partition, facts, effects)
        if facts.places:
            places = decisions.places = with_places_of(facts.places, facts, effects)
    decisions.copied = [copied(crowd, firsts[crowd.first[1]]) for crowd in batch.standing.crowds]
    decisions.quarantined += [
        Quarantined(what="event", subject=str(event), rule="", tries=MOST_HOPS, reason=_HOMELESS, detail="")
        for event in batch.homeless
    ]
    for partition, run, reason in batch.lost_runs:
        if run.state != "ended":
            decisions.end(partition, run, batch.now, reason=FAILED.recorded, detail=f"failed: {reason}")
    decisions.quarantined += [
        Quarantined(what="run", subject=str(run.id), rule=run.rule, tries=1, reason=reason, detail="")
        for _, run, reason in batch.lost_runs
    ]
    return decisions


async def add_short(connection: Connection, batch: Batch, decisions: Decisions) -> None:
    """Add the decisions that wanted promo codes: decided again with codes, or because their pools are empty."""
    if any(short.facts.places for short in decisions.short):
        await _decide_in_turn(connection, decisions)
    else:
        await with_codes(connection, decisions.short, set())
    for short in decisions.short:
        decisions.add(batch.works[short.facts.customer.id].partition, short.facts, short.effects)
    decisions.short.clear()


async def _decide_in_turn(connection: Connection, decisions: Decisions) -> None:
    """One by one: whether `only first N customers` has a place left depends on the final decisions before."""
    held: set[str] = set()
    places = decisions.places
    for short in decisions.short:
        short.facts = replace(short.facts, places=places or short.facts.places)
        short.effects = short.decide(short.facts)
        if short.effects.short_of:
            await with_codes(connection, [short], held)
        places = with_places_of(short.facts.places, short.facts, short.effects)


def set_failures_aside(batch: Batch, decisions: Decisions, *, tries: int) -> None:
    """Give up on what failed: it is quarantined with its reason, and a run that cannot go on ends.

    A run that failed over an event stays as it is: only that event was lost on it.
    """
    states = {run.id: (partition, run) for partition, run in [*decisions.runs, *decisions.new_runs]}
    for work in batch.works.values():
        for run in work.runs:
            states.setdefault(run.id, (work.partition, run))
    for failure in decisions.failures:
        decisions.quarantined.append(quarantined(failure, tries))
        if failure.event is None and failure.run in states:
            decisions.end(*states[failure.run], batch.now, reason=FAILED.recorded, detail=f"failed: {failure.error}")


def _ended(run: Run, now: datetime, reason: str) -> Run:
    return replace(
        run,
        state="ended",
        wake_at=None,
        since=None,
        waits_for_event=False,
        ended_at=now,
        end_reason=reason,
        version=run.version + 1,
    )


def quarantined(failure: Failure, tries: int) -> Quarantined:
    return Quarantined(
        what="run" if failure.event is None else "event",
        subject=str(failure.run if failure.event is None else failure.event),
        rule=failure.rule,
        tries=tries,
        reason=failure.error,
        detail=failure.detail,
    )
