"""What a drill does to the servers: drawn from a seed, each as often as its weight says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Literal

import asyncpg
from redis import Redis as RedisClient
from redis.exceptions import RedisError

from api.drill.processes import Processes
from api.drill.scratch import END_CONNECTIONS, Scratch, fetched
from api.drill.sink import Sink
from dsl.messages import Message, say
from engine.errors import ConfigurationError

Kind = Literal["worker", "sender", "api", "stop", "long stop", "flush", "redis", "connections", "database"]

_WEIGHTS: dict[Kind, int] = {
    "worker": 6,
    "sender": 4,
    "api": 3,
    "stop": 4,
    "long stop": 1,
    "flush": 4,
    "redis": 1,
    "connections": 4,
    "database": 2,
}
_STOP_S, _LONG_STOP_S = (0.5, 3.0), 25.0  # beyond the 20 s after which the database ends a silent transaction

SAYS: dict[Kind, Message] = {
    "worker": say("a worker is killed"),
    "sender": say("a worker is killed while the mail server takes its mail"),
    "api": say("the API is killed"),
    "stop": say("a worker is stopped for a moment (SIGSTOP)"),
    "long stop": say("a worker is stopped for {n} s (SIGSTOP)", n=int(_LONG_STOP_S)),
    "flush": say("Redis forgets everything (FLUSHALL)"),
    "redis": say("Redis is killed"),
    "connections": say("every database connection is ended"),
    "database": say("the database crashes and is started again"),
}


@dataclass
class Faults:
    """`done` counts them, `moments` says when each began (monotonic)."""

    scratch: Scratch
    processes: Processes
    sink: Sink
    random: Random
    done: Counter[Kind] = field(default_factory=Counter)
    moments: list[tuple[float, Kind]] = field(default_factory=list)

    def draw(self, *, seconds_left: float) -> Kind:
        kinds: list[Kind] = [kind for kind in _WEIGHTS if kind != "database" or self.scratch.postgres is not None]
        if seconds_left < 2 * _LONG_STOP_S:
            kinds.remove("long stop")
        return self.random.choices(kinds, [_WEIGHTS[kind] for kind in kinds])[0]

    def cause(self, kind: Kind) -> None:
        """From the main thread: the kernel ends a server with the thread that started it."""
        self.moments.append((time.monotonic(), kind))
        self.done[kind] += 1
        worker = self.processes.a_worker(self.random)
        match kind:
            case "worker":
                self.processes.kill(worker)
            case "sender":
                self.sink.before_answer = self._kill_sender
            case "api":
                self.processes.kill(self.processes.api)
            case "stop":
                self.processes.stop(worker, for_s=self.random.uniform(*_STOP_S))
            case "long stop":
                self.processes.stop(worker, for_s=_LONG_STOP_S)
            case "flush":
                self._flush()
            case "redis":
                self.scratch.redis.kill()
                self.scratch.redis.start()
            case "connections":
                self._end_connections()
            case "database":
                self._crash()

    def _kill_sender(self, port: int) -> None:
        self.processes.kill_who_speaks(port)

    def _flush(self) -> None:
        try:
            with RedisClient(unix_socket_path=str(self.scratch.redis.socket)) as client:
                client.flushall()
        except RedisError:
            self.scratch.redis.kill()
            self.scratch.redis.start()

    def _end_connections(self) -> None:
        try:
            asyncio.run(fetched(self.scratch.database_url, END_CONNECTIONS))
        except (OSError, asyncpg.PostgresError):
            self.done["connections"] -= 1  # there was no place for ours

    def _crash(self) -> None:
        postgres = self.scratch.postgres
        if postgres is None:
            raise ConfigurationError("only a database of our own may be crashed")
        postgres.kill()
        postgres.start()
