"""All that a batch decided, written in bulk, and the cursors moved past it: one transaction (law 4)."""

from __future__ import annotations

from engine.flow.advancing.batch import Batch
from engine.flow.advancing.crowds import copy_decisions
from engine.flow.advancing.deciding import Decisions
from engine.storage.customers.bulk import save_customers
from engine.storage.customers.consent import add_entries, note_asked
from engine.storage.customers.points import add_points
from engine.storage.database import Connection
from engine.storage.events.cursors import move_cursors
from engine.storage.events.quarantine import quarantine
from engine.storage.events.queue import forward_events
from engine.storage.events.rejects import insert_misfits
from engine.storage.runs.appointments import call_off, insert_appointments, save_appointments
from engine.storage.runs.bulk import insert_runs, save_runs
from engine.storage.runs.count_marks import save_count_marks
from engine.storage.runs.decisions import add_messages, insert_emitted, insert_messages, insert_notes, withdraw_messages
from engine.storage.runs.once_marks import release_marks, save_marks
from engine.storage.runs.outcomes import delete_outcomes, forward_outcomes
from engine.storage.runs.promo_codes import issue_codes
from engine.storage.segments.fills import save_fills
from engine.storage.segments.memberships import insert_memberships, save_memberships


async def write_decisions(connection: Connection, decisions: Decisions, *, carefully: bool = False) -> None:
    """New rows go in by COPY. Should one exist already, that raises UniqueViolationError: begin again `carefully`."""
    if decisions.customers:
        await save_customers(connection, decisions.customers)
    if decisions.consents:
        await add_entries(connection, decisions.consents)
        await note_asked(connection, decisions.consents)
    if decisions.withdrawals:
        # Before the new messages: a restarted run takes back what it said before, not what it says now.
        await withdraw_messages(connection, decisions.withdrawals)
    if decisions.released:
        await release_marks(connection, decisions.released)
    if decisions.runs:
        await save_runs(connection, decisions.runs)
    if decisions.new_runs:
        await (save_runs if carefully else insert_runs)(connection, decisions.new_runs)
    if decisions.messages:
        await (add_messages if carefully else insert_messages)(connection, decisions.messages)
    await _write_marks(connection, decisions)
    if decisions.emitted:
        await insert_emitted(connection, decisions.emitted)
    if decisions.points or decisions.issued:
        await _write_deeds(connection, decisions)
    await _write_standing(connection, decisions, carefully=carefully)
    if decisions.notes:
        await insert_notes(connection, decisions.notes)
    if decisions.copied:
        await copy_decisions(connection, decisions.copied)
    await _write_refusals(connection, decisions)


async def _write_refusals(connection: Connection, decisions: Decisions) -> None:
    if decisions.misfits:
        await insert_misfits(connection, decisions.misfits)
    if decisions.quarantined:
        await quarantine(connection, decisions.quarantined)


async def _write_marks(connection: Connection, decisions: Decisions) -> None:
    if decisions.marks:
        await save_marks(connection, decisions.marks)
    if decisions.counted:
        await save_count_marks(connection, decisions.counted)


async def _write_deeds(connection: Connection, decisions: Decisions) -> None:
    if decisions.points:
        await add_points(connection, decisions.points)
    if decisions.issued:
        await issue_codes(connection, decisions.issued)


async def _write_standing(connection: Connection, decisions: Decisions, *, carefully: bool) -> None:
    if decisions.memberships:
        await save_memberships(connection, decisions.memberships)
    if decisions.new_memberships:
        await (save_memberships if carefully else insert_memberships)(connection, decisions.new_memberships)
    if decisions.appointments:
        await save_appointments(connection, decisions.appointments)
    if decisions.new_appointments:
        await (save_appointments if carefully else insert_appointments)(connection, decisions.new_appointments)


async def write_progress(connection: Connection, batch: Batch) -> None:
    """Raises Fenced when another worker was faster; everything in the transaction must then be rolled back."""
    if batch.outcomes:
        await delete_outcomes(connection, batch.outcomes)
    if batch.forwards:
        await forward_events(connection, [row for row, _ in batch.forwards], [to for _, to in batch.forwards])
    if batch.lost_outcomes:
        places = [(partition, message) for partition, message, _ in batch.lost_outcomes]
        await forward_outcomes(connection, places, [target for _, _, target in batch.lost_outcomes])
    for partition, customer in batch.standing.due:
        if customer not in batch.facts:
            await call_off(connection, partition, customer)  # there is no such customer any more
    if batch.standing.slices:
        await save_fills(connection, batch.standing.slices, batch.standing.digest)
    await move_cursors(connection, [(backlog.cursor, backlog.after) for backlog in batch.backlogs])
