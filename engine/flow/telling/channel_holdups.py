"""What holds up all messages of a channel now: a provider that is down, a limit that is used up. Read, never taken."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dsl.messages import Message, say
from engine.core.delivery.provider_limits import Full, Ledger, limited, limits_by_channel
from engine.core.reasons import tell_reason
from engine.storage.database import Connection
from engine.storage.delivery.circuits import OpenCircuit, open_circuits
from engine.storage.delivery.provider_use import uses_of
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts, Texts

#: A rate that is paced has its next place in a moment: nobody asks about that.
_WORTH_TELLING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rule would send by, to one customer."""

    channels: Collection[str]
    domain: str  # of the mail address; "": none
    is_service: bool


async def holdups_of(connection: Connection, wanted: Wanted, texts: Texts, zone: ZoneInfo) -> tuple[Message, ...]:
    """Times by the clock of `zone`. Nothing when the channels are free."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    circuits = [each for each in await open_circuits(connection) if each.channel.split(" ")[0] in wanted.channels]
    told = [_told_circuit(each, now, zone) for each in circuits]
    live = await live_rule_set(connection)
    if live is not None:
        told += await _used_up(connection, wanted, await texts.of(connection, live), now=now, zone=zone)
    return tuple(told)


async def _used_up(
    connection: Connection, wanted: Wanted, policy: PublishedTexts, *, now: datetime, zone: ZoneInfo
) -> list[Message]:
    asked = [(each, _domain(each, wanted)) for each in wanted.channels]
    met = limited(limits_by_channel(policy.settings), policy.timezone, asked, at=now)
    if not met.names:
        return []
    return list(_full(met.ledger(await uses_of(connection, met.names), now), wanted, zone))


def _full(ledger: Ledger, wanted: Wanted, zone: ZoneInfo) -> Iterator[Message]:
    for channel in dict.fromkeys(wanted.channels):
        place = ledger.take(channel, _domain(channel, wanted), is_service=wanted.is_service)
        if isinstance(place, Full) and place.until - ledger.now > _WORTH_TELLING:
            until = _clock(place.until, ledger.now, zone)
            if place.domain is not None:
                yield say(
                    "{channel}: the limit of {domain} is used up until {time}; then it goes on",
                    channel=channel,
                    domain=place.domain,
                    time=until,
                )
            else:
                yield say(
                    "{channel}: the limit of the provider is used up until {time}; then it goes on",
                    channel=channel,
                    time=until,
                )


def _domain(channel: str, wanted: Wanted) -> str:
    return wanted.domain if channel == "email" else ""


def _told_circuit(circuit: OpenCircuit, now: datetime, zone: ZoneInfo) -> Message:
    return say(
        "{channel} is down since {since}: {reason}; its messages wait, the next try is at {time}",
        channel=circuit.channel,
        since=_clock(circuit.opened_at, now, zone),
        reason=tell_reason(circuit.reason),
        time=_clock(circuit.probe_at, now, zone),
    )


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    is_near = abs(moment - now) < timedelta(days=1)
    return moment.astimezone(zone).strftime("%H:%M:%S" if is_near else "%Y-%m-%d %H:%M")
