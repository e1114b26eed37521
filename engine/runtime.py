"""What a process works with, built once: settings, database, waker, clock, the programs of the rule sets it met."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dsl.codec import UnreadablePlan, content_hash, from_json
from engine.actions import ACTIONS
from engine.channels import Channel, Channels
from engine.channels.http_post import HttpPoster, Poster
from engine.channels.opening import close_channels, open_channels
from engine.channels.registry import Registry
from engine.circuits import Circuits, FullLanes
from engine.clock import utc_now
from engine.config import Settings, given_variables
from engine.core.conditions.program import Program, load_program
from engine.core.standing.crowds import CrowdCode, crowd_codes
from engine.core.standing.index import WakeKey
from engine.counts import Counts
from engine.domains import Domains
from engine.errors import ConfigurationError, RuleSetCorrupt, RuleSetUnreadable
from engine.keeping import inbox_keeper, keeper
from engine.notices import Notices
from engine.reading import names_of_interest
from engine.storage.coming_up import when_up
from engine.storage.database import Connection, Database
from engine.storage.events.event_partitions import make_event_partitions
from engine.storage.installation import found_installation
from engine.storage.ownership import require_ours
from engine.storage.replica import Replica
from engine.storage.revisions import require_current
from engine.storage.rules.published import RuleSet, load_rule_set
from engine.storage.segments.fill_sql import FillSql, fill_sql
from engine.texts import Texts
from engine.waker import ArqWaker, NullWaker, Waker

_PROGRAMS_KEPT = 64


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """A rule set that this process can run."""

    program: Program
    interest: frozenset[str]  # names of events that could do something to its runs, or start one
    standing: str = ""  # digest of what it watches outside of runs
    watched: frozenset[str] = frozenset()  # events that may change that
    told: frozenset[str] = frozenset()  # events whose properties are looked at later
    fill: FillSql | None = None  # looks at many customers at once; None: each is decided by itself
    crowds: Mapping[WakeKey, CrowdCode] = field(default_factory=dict)  # rules that are decided once for many


class Programs:
    """Compiled rule sets by id. They are immutable, so what is cached is never stale."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[int, LoadedRules] = OrderedDict()
        self._batches = 0  # under way
        self.interest: frozenset[str] = frozenset()  # of all that are loaded
        self.told: frozenset[str] = frozenset()  # events that must be read with their bodies
        self.by_id: Mapping[int, Program] = {}

    def find(self, rule_set: int) -> LoadedRules | None:
        found = self._loaded.get(rule_set)
        if found:
            self._loaded.move_to_end(rule_set)
        return found

    async def load(self, connection: Connection, rule_set: int) -> LoadedRules:
        found = self.find(rule_set)
        if found is None:
            found = self._loaded[rule_set] = _loaded(await load_rule_set(connection, rule_set))
            self._changed()
        return found

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Around a batch. Only when none is under way are the oldest forgotten: one batch may need more than are
        kept."""
        if not self._batches and len(self._loaded) > _PROGRAMS_KEPT:
            while len(self._loaded) > _PROGRAMS_KEPT:
                self._loaded.popitem(last=False)
            self._changed()
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1

    def _changed(self) -> None:
        self.interest = frozenset().union(*(loaded.interest for loaded in self._loaded.values()))
        self.told = self.interest.union(*(loaded.told for loaded in self._loaded.values()))
        self.by_id = {key: loaded.program for key, loaded in self._loaded.items()}


def _loaded(stored: RuleSet) -> LoadedRules:
    """A plan of another version of the product is not the data's fault: it waits for a worker that can read it."""
    try:
        plan = from_json(stored.plan)
        program = load_program(plan, stored.id, ACTIONS)
        watched = program.standing.events if program.standing is not None else frozenset()
        interest = names_of_interest(plan) | watched
        told = program.needs.told
        many = fill_sql(program), crowd_codes(program)
        return LoadedRules(program, interest, stored.standing, watched, told, *many)
    except UnreadablePlan as error:
        raise RuleSetUnreadable(stored.id, error) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise (RuleSetUnreadable if _is_whole(stored) else RuleSetCorrupt)(stored.id, error) from error


def _is_whole(stored: RuleSet) -> bool:
    content: dict[str, Any] = {"plan": stored.plan, "templates": stored.templates, "settings": stored.settings}
    return content_hash(content) == stored.hash


@dataclass(slots=True)
class Runtime:
    settings: Settings
    database: Database
    waker: Waker
    partitions: int  # of this installation, whatever the settings say now
    link_key: bytes  # signs the links in mails
    channels: Channels = field(default_factory=dict)  # by name
    clock: Callable[[], datetime] = utc_now
    programs: Programs = field(default_factory=Programs)
    texts: Texts = field(default_factory=Texts)
    notices: Notices = field(default_factory=Notices)
    counts: Counts = field(default_factory=Counts)
    registry: Registry | None = None  # the channels that kogda.yaml names
    poster: Poster = field(default_factory=HttpPoster)
    secrets: Mapping[str, str] = field(default_factory=dict)  # the environment, by variable
    domains: Domains = field(default_factory=Domains)
    circuits: Circuits = field(default_factory=Circuits)
    full_lanes: FullLanes = field(default_factory=FullLanes)
    replica: Database | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set: end what is in hand, begin nothing new

    @property
    def reading(self) -> Database:
        """For those who only look, and can do with what was true a moment ago."""
        return self.replica or self.database

    def channel(self, name: str, settings: Mapping[str, Any]) -> Channel | None:
        """By the settings of the live rule set. None: this server has no such channel."""
        found = self.channels.get(name)
        return found or (self.registry.find(name, settings) if self.registry is not None else None)


def _registry(
    settings: Settings, database: Database, *, poster: HttpPoster, secrets: Mapping[str, str], link_key: bytes
) -> Registry:
    return Registry(
        poster,
        secrets,
        keeper(database),
        is_real=settings.smtp_url is not None,
        link_key=link_key,
        public_url=settings.public_url and settings.public_url.rstrip("/"),
    )


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, waker: Waker | None = None, pool_size: int = 10
) -> AsyncIterator[Runtime]:
    """The settings must name a database, and a Redis unless the waker is `null`. Raises ConfigurationError."""
    if settings.database_url is None:
        raise ConfigurationError("KOGDA_DATABASE_URL is not set; `kogda up` starts a database of its own")
    database = Database(settings.database_url.get_secret_value(), pool_size=pool_size)
    await database.open()
    try:
        installation = await found_installation(database, settings.partitions)
        await make_event_partitions(database)
        waker = waker or waker_of(settings)
        try:
            channels = open_channels(settings, keeper(database), inbox_keeper(database))
            poster = HttpPoster(allows_private=settings.webhooks_private)
            secrets = given_variables()
            signing_key = link_key(settings, installation.link_secret)
            registry = _registry(settings, database, poster=poster, secrets=secrets, link_key=signing_key)
            try:
                async with replica_of(settings, database) as replica:
                    yield Runtime(
                        settings,
                        database,
                        waker,
                        installation.partitions,
                        signing_key,
                        channels,
                        poster=poster,
                        registry=registry,
                        secrets=secrets,
                        replica=replica,
                    )
            finally:
                await registry.close()
                await poster.close()
                await close_channels(channels)
        finally:
            await waker.close()
    finally:
        await database.close()


async def started(settings: Settings, stack: AsyncExitStack, stop: asyncio.Event) -> Runtime:
    """The runtime of a server, which `stack` closes. A database that is on its way up is waited for, until `stop`.

    Raises ConfigurationError, also when the tables are not those of this version, or another installation's.
    """

    async def begin() -> Runtime:
        if settings.database_url is not None:
            await require_current(settings.database_url.get_secret_value())
        async with AsyncExitStack() as ours:
            runtime = await ours.enter_async_context(open_runtime(settings))
            await require_ours(runtime.database, settings.instance)
            stack.push_async_exit(ours.pop_all())
            return runtime

    return await when_up(begin, stop)


@asynccontextmanager
async def replica_of(settings: Settings, database: Database) -> AsyncIterator[Replica | None]:
    if settings.read_database_url is None:
        yield None
        return
    replica = Replica(settings.read_database_url.get_secret_value(), database)
    await replica.open()
    try:
        yield replica
    finally:
        await replica.close()


def link_key(settings: Settings, installed: bytes) -> bytes:
    given = settings.link_secret
    return given.get_secret_value().encode() if given is not None else installed


def waker_of(settings: Settings) -> Waker:
    if settings.waker == "null":
        return NullWaker()
    if settings.redis_url is None:
        raise ConfigurationError("KOGDA_REDIS_URL is not set; set it, or KOGDA_WAKER=null to work by the sweep alone")
    return ArqWaker(settings.redis_url.get_secret_value())
