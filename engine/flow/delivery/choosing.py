"""Chooses which of the permitted messages are taken now, by the limits of the claim, of domains and of providers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from engine.channels.push import FIREBASE
from engine.circuits import PAUSE, CircuitName, Lane
from engine.core.delivery.limits import Limits
from engine.core.delivery.provider_limits import Ledger, limited, limits_by_channel
from engine.core.delivery.ways import VERDICT
from engine.core.reasons.of_delivery import DOMAIN_LIMIT, DOMAIN_SILENT, ON_TRIAL
from engine.domains import Domains
from engine.flow.delivery.circuits import given_up
from engine.flow.delivery.judging import Judged, Room
from engine.storage.database import Connection
from engine.storage.delivery.messages import DueMessage, Settlement
from engine.storage.delivery.provider_use import lock_uses, save_uses
from engine.texts import PublishedTexts


@dataclass(slots=True)
class Chosen:
    taken: list[Judged] = field(default_factory=list)
    waits: dict[object, timedelta] = field(default_factory=dict)  # by id, of those taken: until their place is free
    put_off: list[Settlement] = field(default_factory=list)
    next_places: list[timedelta] = field(default_factory=list)  # of domains whose limit is reached
    left: int = 0  # they may be taken by the next claim
    full: dict[Lane, timedelta] = field(default_factory=dict)  # for how long


def domain_of(message: DueMessage) -> str:
    """Of its recipient; empty when it has none."""
    if message.channel != "email" or not message.email:
        return ""
    return message.email.rpartition("@")[2].lower()


def circuit_of(message: DueMessage, settings: Mapping[str, Any]) -> CircuitName:
    """What must be closed for it to go: its channel, or the one provider that it needs of several."""
    if message.channel != "push" or any("p256dh" in each.detail for each in message.contacts):
        return message.channel
    push = (settings.get("channels") or {}).get("push") or {}
    return f"push {FIREBASE}" if "contact" in push else "push"


@dataclass(frozen=True, slots=True)
class Doors:
    """What a claim knows of providers that are down. Of channels that are closed it has read nothing."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    closed: Mapping[CircuitName, str] = field(default_factory=dict)  # and why
    on_trial: Collection[CircuitName] = ()  # of which a single message may try whether it is back


_ALL_OPEN = Doors()


def choose(free: Iterable[Judged], room: Room, domains: Domains, *, doors: Doors = _ALL_OPEN) -> Chosen:
    """Choose within the window of each domain. A domain gets more only when no other one has messages that are due."""
    chosen, left, begun = Chosen(), replace(room), Counter[str]()
    beyond: list[Judged] = []
    trials = set(doors.on_trial)
    for each in free:
        message, domain = each.message, domain_of(each.message)
        circuit = circuit_of(message, doors.settings)
        wait = domains.waits_s(domain) if domain else 0.0
        if wait:
            chosen.put_off.append(put_off(message, timedelta(seconds=wait), DOMAIN_SILENT.of(domain=domain)))
        elif circuit in doors.closed or (circuit in doors.on_trial and circuit not in trials):
            _keep_waiting(each, circuit, doors, chosen)
        elif domain and not domains.has_room(domain, begun[domain]):
            beyond.append(each)
        elif left.has_place(transactional=message.transactional):
            left.take(transactional=message.transactional)
            trials.discard(circuit)
            begun[domain] += 1
            chosen.taken.append(each)
        else:
            chosen.left += 1
    if len({domain_of(each.message) for each in (*chosen.taken, *beyond)}) > 1:
        chosen.left += len(beyond)
    else:
        _take_beyond(beyond, left, domains, chosen)
    return chosen


def _take_beyond(beyond: Iterable[Judged], left: Room, domains: Domains, chosen: Chosen) -> None:
    """Messages beyond their domain's window, for places that no other domain wants."""
    for each in beyond:
        transactional = each.message.transactional
        if domains.is_on_trial(domain_of(each.message)) or not left.has_place(transactional=transactional):
            chosen.left += 1
        else:
            left.take(transactional=transactional)
            chosen.taken.append(each)


def _keep_waiting(each: Judged, circuit: CircuitName, doors: Doors, chosen: Chosen) -> None:
    """Of a closed circuit: with its whole lane or, where others of the lane may go, put off by itself."""
    message = each.message
    if circuit == message.channel:
        chosen.left += 1
        return
    reason = doors.closed.get(circuit, ON_TRIAL.recorded)
    is_late = message.now >= message.created_at + VERDICT and not message.maybe_duplicate
    if is_late and Limits.from_json(message.limits).has_other_way:
        chosen.put_off.append(given_up(message.partition, message.id, reason))
    else:
        chosen.put_off.append(put_off(message, PAUSE, reason))


def put_off(message: DueMessage, wait: timedelta, reason: str) -> Settlement:
    """It does not count as an attempt: no provider was asked."""
    return Settlement(
        partition=message.partition,
        message=message.id,
        attempt=None,
        state="queued",
        reason=reason,
        due_at=message.now + wait,
    )


async def reserve(connection: Connection, chosen: Chosen, policy: PublishedTexts) -> Chosen:
    """What the limits of kogda.yaml leave of it. Two statements, whatever was chosen; none without limits."""
    limits = limits_by_channel(policy.settings)
    if not limits or not chosen.taken:
        return chosen
    wanted = [(each.message.channel, domain_of(each.message)) for each in chosen.taken]
    met = limited(limits, policy.timezone, wanted, at=chosen.taken[0].message.now)
    if not met.names:
        return chosen
    uses, now = await lock_uses(connection, met.names)
    taken = _fitted(chosen, met.ledger(uses, now))
    await save_uses(connection, uses)
    return replace(chosen, taken=taken)


def _fitted(chosen: Chosen, ledger: Ledger) -> list[Judged]:
    taken = []
    for each in chosen.taken:
        message, domain = each.message, domain_of(each.message)
        moment = ledger.take(message.channel, domain, is_service=message.transactional)
        if isinstance(moment, datetime):
            taken.append(each)
            if moment > ledger.now:
                chosen.waits[message.id] = moment - ledger.now
        elif moment.domain is not None:
            chosen.next_places.append(moment.until - ledger.now)
            chosen.put_off.append(put_off(message, moment.until - message.now, DOMAIN_LIMIT.of(domain=domain)))
        else:
            chosen.left += 1
            chosen.full.setdefault((message.channel, message.transactional), moment.until - ledger.now)
    return taken
