"""Hands over messages that are due, as long as there are any: claim, guards, render, channel, settle in bulk."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from engine.channels.places import STUCK_S
from engine.clock import monotonic
from engine.flow.delivery.choosing import domain_of
from engine.flow.delivery.claiming import LEASE, Claim, Claimed, claim_messages
from engine.flow.delivery.handing_over import Finished, hand_over
from engine.flow.delivery.judging import Room
from engine.flow.delivery.outages import Outages
from engine.flow.delivery.settling import settle_finished
from engine.runtime import Runtime
from engine.storage.database import TROUBLE
from engine.storage.delivery.messages import extend_leases

#: Messages in the hands of one call at the same time.
AT_ONCE = 64
#: Of them kept free for transactional ones, one in so many: a mass send into a slow channel never fills all.
_KEPT_FREE = 4
#: How often newly due transactional messages are looked for while marketing fills its part.
_LOOK_FOR_SERVICE_S = 0.25
#: How often a call looks for messages whose worker is gone: they have waited for their lease to end.
_LOOK_FOR_STUCK_S = 1.0
#: How often newly due messages are looked for while others are in hand: soon at first, seldom when none come.
_LOOK_AGAIN_S, _LOOK_AGAIN_AT_MOST_S = 0.02, 1.0
#: A limit that lets more through within this time is waited for; later ones are left to the sweep.
_WAITS_FOR_A_PLACE_S = 1.0
#: Due messages that one claim looks at, at most: it takes fewer when guards stop most of them.
_LOOK_AT_MOST = 500
#: Verdicts are written together: so many, or those that came within this time of the first.
_SETTLED_AT_ONCE, _GATHERED_S = 16, 0.02
_GRACE_S = 8.0  # for those in hand when the worker is asked to stop

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """Messages by what became of them; `queued` will be tried again."""

    counts: Counter[str] = field(default_factory=Counter)
    more: bool = False  # messages were left, because the worker stops

    @property
    def total(self) -> int:
        return self.counts.total()


async def deliver_messages(runtime: Runtime, *, at_once: int = AT_ONCE, lease: timedelta = LEASE) -> Delivered:
    """Returns when nothing is due and nothing is in hand. Any number of calls may run at the same time, anywhere.

    When the runtime is stopping, or the call is cancelled, what is in hand has a few seconds to end; what does not is
    settled by policy when its lease ends.
    """
    desk = _Desk(runtime, at_once, lease, Outages(runtime))
    try:
        await desk.work()
    finally:
        if desk.in_hand:
            await asyncio.shield(desk.wind_up())
    return Delivered(desk.counts, not desk.is_all_claimed)


@dataclass(slots=True)
class _Desk:
    runtime: Runtime
    at_once: int
    lease: timedelta
    outages: Outages
    in_hand: dict[asyncio.Task[Finished | None], Claimed] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    extended_at: float = field(default_factory=monotonic)
    is_all_claimed: bool = False  # nothing more was due when it was last looked
    look_again_s: float = _LOOK_AGAIN_S
    looked_at: float = 0.0
    look_at: int = 0  # more than there is room for, while guards stop most of what is due
    looked_for_service_at: float = 0.0
    looked_for_stuck_at: float = float("-inf")
    at_work_on_marketing: int = 0
    opens_at: float | None = None  # when a limit lets more through

    async def work(self) -> None:
        while not self.runtime.stopping.is_set():
            if self._wants_more():
                await self._claim(self._room())
            elif self._looks_for_service():
                await self._claim(replace(self._room(), marketing=0))
            if self.in_hand:
                await self._take_back(timeout=min(self.look_again_s, _LOOK_FOR_SERVICE_S))
            elif self.is_all_claimed and not await self._waits_for_a_place():
                return

    async def _waits_for_a_place(self) -> bool:
        """Wait until a limit lets more through, if that is soon. Whether to look for messages again."""
        if self.opens_at is None:
            return False
        seconds = self.opens_at - monotonic()
        if seconds > _WAITS_FOR_A_PLACE_S:
            return False
        if seconds <= 0:
            self.opens_at, self.is_all_claimed = None, False
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.runtime.stopping.wait(), min(seconds, _LOOK_FOR_SERVICE_S))
        return True

    def _note_opening(self, claim: Claim) -> None:
        now = monotonic()
        moments = [self.opens_at, now + claim.opens_in_s if claim.opens_in_s is not None else None]
        self.opens_at = min((each for each in moments if each is not None and each > now), default=None)

    def _room(self) -> Room:
        most, stuck = self.at_once - self.at_once // _KEPT_FREE, self._stuck()
        free = max(self.at_once - len(self.in_hand) + stuck, 0)
        return Room(total=free, marketing=max(min(most - self.at_work_on_marketing + stuck, free), 0))

    def _stuck(self) -> int:
        """Messages whose receiver does not answer: as many others are taken besides, up to half of `at_once`."""
        since = monotonic() - STUCK_S
        stuck = sum(each.claimed_at + each.wait_s < since for each in self.in_hand.values())
        return min(stuck, self.at_once // 2)

    def _wants_more(self) -> bool:
        most, room = self.at_once - self.at_once // _KEPT_FREE, self._room()
        if room.marketing * 2 < most or not room.total:
            return False
        return not self.is_all_claimed or monotonic() - self.looked_at >= self.look_again_s

    def _looks_for_service(self) -> bool:
        return self._room().total > 0 and monotonic() - self.looked_for_service_at >= _LOOK_FOR_SERVICE_S

    async def wind_up(self) -> None:
        """The worker stops: what ends within the grace is settled, the rest is left to its lease."""
        ends_at = monotonic() + _GRACE_S
        while self.in_hand and monotonic() < ends_at:
            await self._take_back(timeout=max(ends_at - monotonic(), 0.01))
        for task in self.in_hand:
            task.cancel()
        await asyncio.gather(*self.in_hand, return_exceptions=True)

    async def _claim(self, room: Room) -> None:
        look_at = max(room.total, self.look_at)
        now = self.looked_for_service_at = monotonic()
        stuck = now - self.looked_for_stuck_at >= _LOOK_FOR_STUCK_S
        try:
            claim = await claim_messages(
                self.runtime, room=room, look_at=look_at, lease=self.lease, looks_for_stuck=stuck
            )
            self.looked_for_stuck_at = now if stuck else self.looked_for_stuck_at
        except TROUBLE as error:
            if not self.in_hand:
                raise
            # What is in hand may be accepted this very moment: to give up now would leave it `unknown`.
            _log.warning("claiming_waits", in_hand=len(self.in_hand), error=type(error).__name__)
            self.is_all_claimed, self.looked_at, self.look_again_s = True, monotonic(), _LOOK_AGAIN_AT_MOST_S
            return
        stopped = claim.blocked + Counter({"unknown": claim.held})
        self.counts.update(stopped)
        self.runtime.counts.attempted(stopped)
        for claimed in claim.claimed:
            self.in_hand[asyncio.create_task(self._hand_over(claimed))] = claimed
            self.at_work_on_marketing += not claimed.message.transactional
            self.runtime.domains.began(domain_of(claimed.message))
        self._note_opening(claim)
        if not room.marketing:  # of marketing nothing new is known
            self.looked_for_service_at = 0.0 if claim.claimed and not claim.is_last else monotonic()
            return
        is_scarce = len(claim.claimed) * 2 < room.marketing and not claim.is_last
        self.look_at = min(look_at * 4, _LOOK_AT_MOST) if is_scarce else 0
        self.is_all_claimed, self.looked_at = claim.is_last, monotonic()
        self.look_again_s = _LOOK_AGAIN_S if claim.claimed else min(self.look_again_s * 2, _LOOK_AGAIN_AT_MOST_S)

    async def _hand_over(self, claimed: Claimed) -> Finished | None:
        if claimed.wait_s:
            await asyncio.sleep(claimed.wait_s)
        return await hand_over(claimed, self.runtime, self._is_ours)

    def _is_ours(self, claimed: Claimed) -> bool:
        """By this process's monotonic clock: it may have stood still since the claim."""
        return monotonic() - max(claimed.claimed_at, self.extended_at) < self.lease.total_seconds()

    async def _take_back(self, *, timeout: float) -> None:
        done, _ = await asyncio.wait(self.in_hand, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if 0 < len(done) < min(len(self.in_hand), _SETTLED_AT_ONCE):
            done |= (await asyncio.wait(self.in_hand.keys() - done, timeout=_GATHERED_S))[0]
        finished: list[Finished] = []
        for task in done:
            claimed = self.in_hand.pop(task)
            self.at_work_on_marketing -= not claimed.message.transactional
            error = task.exception()
            if error is not None:
                # A mistake of ours. Its lease ends it by policy, as if the worker had died at this message.
                _log.error("delivery_failed", message=str(claimed.message.id), error=repr(error), exc_info=error)
                continue
            ended = task.result()
            self.runtime.domains.ended(domain_of(claimed.message), ended.met if ended else "nobody")
            if ended is not None:
                finished.append(ended)
                self.outages.note(claimed, ended)
        if finished:
            await settle_finished(self.runtime, finished)
            self.counts.update(ended.settlement.state for ended in finished)
            self.outages.tell(finished)
        await self.outages.write()
        await self._extend()

    async def _extend(self) -> None:
        if not self.in_hand or monotonic() - self.extended_at < self.lease.total_seconds() / 3:
            return
        attempts = [claimed.attempt for claimed in self.in_hand.values()]
        try:
            async with self.runtime.database.connection() as connection:
                await extend_leases(connection, attempts, self.lease)
        except TROUBLE as error:
            _log.warning("lease_not_extended", messages=len(attempts), error=repr(error))
        else:
            self.extended_at = monotonic()
