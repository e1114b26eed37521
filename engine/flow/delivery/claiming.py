"""Takes messages that are due: guards on fresh data, attempt and lease, all in one transaction before any socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from engine.clock import monotonic
from engine.core.guards import Block
from engine.core.identity import partition_of
from engine.core.reasons.of_delivery import SENT_AGAIN, WORKER_GONE
from engine.failpoints import reach
from engine.flow.delivery.choosing import Chosen, Doors, choose, reserve
from engine.flow.delivery.circuits import Gates, gates_of
from engine.flow.delivery.judging import Judged, Room, judge_messages
from engine.flow.delivery.staff_notes import is_for_a_group, spread_notes
from engine.runtime import Runtime
from engine.storage.database import Connection
from engine.storage.delivery.lanes import Lanes
from engine.storage.delivery.messages import (
    DueMessage,
    Settlement,
    begin_attempts,
    lock_due_messages,
    lock_stuck_messages,
    move_messages,
    settle,
)
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts

#: An attempt counts as dead when its worker has not extended it for so long. Workers extend three times as often.
LEASE = timedelta(seconds=45)
_STUCK_AT_ONCE = 500


class Claimed(NamedTuple):
    """A message that may go out now, and is ours until its lease ends."""

    message: DueMessage
    attempt: UUID
    texts: PublishedTexts  # to render it with
    policy: PublishedTexts  # of the live rule set
    claimed_at: float  # monotonic
    wait_s: float = 0.0  # until its place at the provider is free


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    claimed: tuple[Claimed, ...] = ()
    blocked: Counter[str] = field(default_factory=Counter)  # by guards: suppressed, postponed, queued
    held: int = 0  # stuck ones, now unknown
    is_last: bool = True  # nothing more was due
    opens_in_s: float | None = None  # when a limit lets more through

    @property
    def suppressed(self) -> int:
        return self.blocked["suppressed"]


async def claim_messages(
    runtime: Runtime, *, room: Room, look_at: int = 500, lease: timedelta = LEASE, looks_for_stuck: bool = True
) -> Claim:
    """As many as there is room for; due ones beyond it stay queued. What guards stop is settled here, with the reason,
    and its partitions are woken. `look_at`, when it is more: due messages to lock and judge, because most will be
    stopped. `looks_for_stuck`: those whose worker is gone are settled as well. Raises RuleSetUnreadable.
    """
    async with runtime.database.transaction() as connection:
        live = await live_rule_set(connection)
        if live is None:
            return Claim()
        policy = await runtime.texts.of(connection, live)
        policy.require_readable()
        woken, held = await _settle_stuck(connection, policy) if looks_for_stuck else (set(), 0)
        looked_at = max(room.total, look_at)
        gates = await gates_of(connection, runtime)
        lanes = _open_lanes(room, gates, runtime, looked_at=looked_at)
        due = await lock_due_messages(connection, limit=looked_at, lanes=lanes)
        reach("claim.locked")
        at_home = await _without_strays(connection, due, runtime.partitions)
        notes = [each for each in at_home if is_for_a_group(each)]
        to_judge = [each for each in at_home if not is_for_a_group(each)]
        judgement = await judge_messages(connection, to_judge, policy, runtime.texts, room=replace(room))
        free, blocked = judgement.free(), [_stopped(message, block) for message, block in judgement.blocked()]
        spread = await spread_notes(connection, notes, policy.settings) if notes else []
        chosen = choose(free, room, runtime.domains, doors=Doors(policy.settings, gates.closed, gates.on_trial))
        chosen = await reserve(connection, chosen, policy)
        claimed = await _begin(connection, chosen, policy, lease)
        blocked += [*chosen.put_off, *gates.given_up]
        if blocked or spread:
            woken |= await settle(connection, [*blocked, *spread])
    if claimed:
        reach("claim.committed")
    runtime.full_lanes.note(chosen.full)
    if woken:
        await runtime.waker.wake(woken)
    is_all = _is_all(due, looked_at, lanes) and judgement.is_all and len(to_judge) == len(due)  # others become due anew
    moments = [runtime.full_lanes.opens_in_s, *(each.total_seconds() for each in chosen.next_places)]
    return Claim(
        claimed=claimed,
        blocked=Counter[str](each.state for each in blocked),
        held=held,
        is_last=is_all and not chosen.left,
        opens_in_s=min((each for each in moments if each is not None), default=None),
    )


async def _without_strays(connection: Connection, due: Sequence[DueMessage], partitions: int) -> list[DueMessage]:
    """Messages of merged customers go to the partition of the other one, where the next claim finds them."""
    strays = [(each, partition_of(each.merged_into, partitions)) for each in due if each.merged_into]
    if strays:
        await move_messages(connection, strays)
    return [each for each in due if not each.merged_into]


async def _begin(
    connection: Connection, chosen: Chosen, policy: PublishedTexts, lease: timedelta
) -> tuple[Claimed, ...]:
    claimed = tuple(_claimed(each, chosen, policy) for each in chosen.taken)
    if claimed:
        await begin_attempts(connection, [(each.message, each.attempt) for each in claimed], lease)
        reach("claim.written")
    return claimed


def _open_lanes(room: Room, gates: Gates, runtime: Runtime, *, looked_at: int) -> Lanes:
    """Marketing is read beyond its room only when more is read than there is room for anyway."""
    full = runtime.full_lanes.now()
    most = looked_at if looked_at > room.total else room.marketing
    return Lanes(
        marketing=most if room.marketing else 0,
        closed=[*gates.closed, *(channel for channel, is_service in full if is_service)],
        closed_to_marketing=[channel for channel, is_service in full if not is_service],
    )


def _is_all(due: Sequence[DueMessage], looked_at: int, lanes: Lanes) -> bool:
    """Whether all that was due has been read. A marketing lane that gave as many as were asked for may have more."""
    marketing = sum(not each.transactional for each in due)
    return len(due) < looked_at and (not lanes.marketing or marketing < lanes.marketing)


def _claimed(judged: Judged, chosen: Chosen, policy: PublishedTexts) -> Claimed:
    wait = chosen.waits.get(judged.message.id)
    return Claimed(
        message=judged.message,
        attempt=uuid4(),
        texts=judged.texts,
        policy=policy,
        claimed_at=monotonic(),
        wait_s=wait.total_seconds() if wait else 0.0,
    )


async def _settle_stuck(connection: Connection, policy: PublishedTexts) -> tuple[set[int], int]:
    stuck = await lock_stuck_messages(connection, limit=_STUCK_AT_ONCE)
    if not stuck:
        return set(), 0
    settlements = [
        Settlement(partition=partition, message=message, attempt=attempt, state="unknown", reason=WORKER_GONE.recorded)
        if channel != "webhook" and policy.unknown_window(transactional=transactional) == "hold"
        else Settlement(
            partition=partition,
            message=message,
            attempt=attempt,
            state="queued",
            reason=SENT_AGAIN.of(why=WORKER_GONE.recorded),
            maybe_duplicate=True,
        )
        for partition, message, attempt, transactional, channel in stuck  # a call is known by its id: it may come twice
    ]
    woken = await settle(connection, settlements)
    reach("claim.stuck")
    return woken, sum(each.state == "unknown" for each in settlements)


def _stopped(message: DueMessage, block: Block) -> Settlement:
    """How a message is settled that a guard has stopped. One that must wait is `postponed` if its run waits for it: the
    run asks its conditions again later (S18). Otherwise it stays queued, and so does one that may have gone out."""
    asks_again = message.run_state == "sending" and not message.maybe_duplicate
    state: Literal["suppressed", "postponed", "queued"] = "suppressed"
    if block.retry_at is not None:
        state = "postponed" if asks_again else "queued"
    return Settlement(
        partition=message.partition,
        message=message.id,
        attempt=None,
        state=state,
        reason=block.reason,
        due_at=block.retry_at if state == "queued" else None,
        until=block.retry_at if state == "postponed" else None,
        undeliverable=block.other_way,
    )
