"""One drill from beginning to end: servers, events, faults, quiet, verdict."""

from __future__ import annotations

import asyncio
import os
import platform
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from api.drill.card import Card
from api.drill.client import Client
from api.drill.faults import SAYS, Faults
from api.drill.processes import Processes
from api.drill.scratch import Scratch, fetched, scratch
from api.drill.sink import Sink
from api.drill.verdict import MADE, UNDER_WAY, Made, Verdict, as_made, judge
from api.drill.workspace import write_workspace
from api.server.auth import PROVIDED_SOURCE
from api.supervisor.child import Show
from api.supervisor.ports import free_port, url
from api.supervisor.publisher import publish_in_child
from api.supervisor.services import environment
from api.supervisor.signals import Signals
from dsl.messages import Message, say
from engine.clock import utc_now
from engine.config import Settings
from engine.core.identity import event_id

_EVERY_S = (2.0, 6.0)  # between two faults
_FIRST_AFTER_S = 2.0
_STORIES_A_SECOND = 30.0
_MOST_MAILS_BEHIND = 1500
_ACKNOWLEDGED_WITHIN_S = 60.0
_QUIET_WITHIN_S = 150.0  # a lease of a killed worker ends after 45 s
_IDS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What is wanted. `follow` is told what happens, `show` gets what the servers say."""

    minutes: float
    seed: int
    workers: int
    follow: Callable[[Message], None]
    show: Show


def run_drill(drill: Drill, settings: Settings) -> Card | None:
    """None: a signal came first. Everything that it has made is gone when it returns."""
    with Signals() as signals, scratch(settings, at=utc_now(), seed=drill.seed) as place, Sink() as sink:
        own = place.settings(settings)
        key = f"wk_{secrets.token_hex(6)}.{secrets.token_urlsafe(24)}"
        own = own.model_copy(update={"port": free_port(own.host, 0), "write_key": SecretStr(key)})
        write_workspace(own.workspace)
        variables = variables_of(own, sink, key)
        publish_in_child(variables, folder=place.folder, migrate=True)
        with Processes(variables, folder=place.folder, workers=drill.workers, show=drill.show) as processes:
            server = url(own.host, own.port)
            processes.wait_until_ready(server)
            client = Client(server, key, Random(drill.seed), _STORIES_A_SECOND, lambda due: _is_behind(due, sink))
            faults = Faults(place, processes, sink, Random(drill.seed + 1))
            client.start()
            _break_things(drill, signals, client, faults)
            unsettled = _come_to_rest(drill, signals, client, faults)
            if signals.is_stopping:
                client.stop(within_s=1)
                return None
            return _card(drill, client, faults, unsettled)


def variables_of(settings: Settings, sink: Sink, key: str) -> dict[str, str]:
    """For the servers: without the settings of the shell, which are about real ones."""
    given = {name: value for name, value in os.environ.items() if not name.upper().startswith("KOGDA_")}
    own = {"KOGDA_WRITE_KEY": key, "KOGDA_SMTP_URL": sink.url, "KOGDA_LOG_LEVEL": "warning", "KOGDA_PARTITIONS": "16"}
    return environment(settings, {**given, **own})


def _is_behind(due: int, sink: Sink) -> bool:
    return due - len(sink.arrivals) > _MOST_MAILS_BEHIND


def _break_things(drill: Drill, signals: Signals, client: Client, faults: Faults) -> None:
    began = time.monotonic()
    ends, next_at = began + drill.minutes * 60, began + _FIRST_AFTER_S
    while (now := time.monotonic()) < ends and not signals.is_stopping:
        faults.processes.tend(now)
        if now >= next_at:
            kind = faults.draw(seconds_left=ends - now)
            drill.follow(_progress(now - began, SAYS[kind], client, faults.sink))
            faults.cause(kind)
            next_at = time.monotonic() + faults.random.uniform(*_EVERY_S)
        signals.wait(0.1)


def _progress(seconds: float, what: Message, client: Client, sink: Sink) -> Message:
    return say(
        "{seconds} s  {events} events acknowledged, {arrived} of {due} mails arrived · {what}",
        seconds=f"{seconds:4.0f}",
        events=f"{client.events:,}",
        arrived=f"{len(sink.arrivals):,}",
        due=f"{client.due:,}",
        what=what,
    )


def _come_to_rest(drill: Drill, signals: Signals, client: Client, faults: Faults) -> int:
    """Everybody lives again, nothing new comes in: how much is still under way when patience ends."""
    drill.follow(say("No more faults: what was in dead hands is settled when its lease ends, 45 s at most."))
    faults.sink.before_answer = None
    faults.processes.go_on(now=float("inf"))
    if not signals.is_stopping:
        client.stop(within_s=_ACKNOWLEDGED_WITHIN_S)
    deadline, under_way = time.monotonic() + _QUIET_WITHIN_S, 1
    while under_way and time.monotonic() < deadline and not signals.is_stopping:
        faults.processes.tend(time.monotonic())
        try:
            under_way = asyncio.run(fetched(faults.scratch.database_url, UNDER_WAY))[0][0]
        except (OSError, asyncpg.PostgresError):
            under_way = 1
        signals.wait(0.5)
    return under_way


def _card(drill: Drill, client: Client, faults: Faults, unsettled: int) -> Card:
    told = [each.story for each in client.acknowledged]
    doubtful = {story.user_id for story in client.in_doubt}  # never acknowledged: whatever became of them is right
    ids = [event_id(PROVIDED_SOURCE, item["messageId"]) for story in told for item in story.items()]
    made, stored, version = asyncio.run(_found(faults.scratch, ids))
    verdict: Verdict = judge(told, [row for row in made if row.due.user_id not in doubtful], faults.sink.arrived)
    return Card(
        minutes=drill.minutes,
        seed=drill.seed,
        machine=machine(version, is_ours=faults.scratch.postgres is not None),
        events=len(ids),
        events_lost=max(len(ids) - stored, 0),
        events_twice=max(stored - len(ids), 0),
        repeated=client.repeated,
        refused=client.refused,
        faults={str(kind): count for kind, count in faults.done.items()},
        deaths=faults.processes.deaths,
        unsettled=unsettled,
        recovery_s=longest_recovery(client, faults),
        verdict=verdict,
    )


async def _found(place: Scratch, ids: Sequence[UUID]) -> tuple[list[Made], int, str]:
    stored = 0
    for start in range(0, len(ids), _IDS_AT_ONCE):
        query = "SELECT count(*) FROM event WHERE id = ANY($1::uuid[])"
        stored += (await fetched(place.database_url, query, list(ids[start : start + _IDS_AT_ONCE])))[0][0]
    made = as_made([tuple(row) for row in await fetched(place.database_url, MADE)])
    [row] = await fetched(place.database_url, "SHOW server_version")
    return made, stored, row[0]


def machine(version: str, *, is_ours: bool) -> Message:
    return say(
        "{n} {n:core|cores}, {system}, Python {python}, {database} {version}",
        n=os.cpu_count(),
        system=platform.system(),
        python=platform.python_version(),
        database=say("embedded PostgreSQL") if is_ours else "PostgreSQL",
        version=version.split()[0],
    )


def longest_recovery(client: Client, faults: Faults) -> float | None:
    """From a fault to the first mail about an event that was sent after it; None when nothing was sent after any.

    While enough mails wait the client sends nothing: that time of its own is left out.
    """
    told = {each.story.user_id: each for each in client.acknowledged}
    arrivals = sorted(faults.sink.arrivals, key=lambda arrival: arrival.at)
    mails = [(each.at, told[each.user_id]) for each in arrivals if each.user_id in told]
    found = [
        next((at - max(moment, of.begun_at) for at, of in mails if of.sent_at > moment), None)
        for moment, _ in faults.moments
    ]
    return max((each for each in found if each is not None), default=None)
