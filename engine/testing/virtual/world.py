"""A world with a virtual clock: rules, customers, events; time jumps from one thing that happens to the next.

It drives the same `advance` as production. `kogda test`, `simulate` and `explain` are told by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from dsl.messages import say
from dsl.plan import JSON, Plan
from engine.actions import ACTIONS
from engine.core import calendar
from engine.core.conditions.program import Program, load_program
from engine.core.customers import with_traits
from engine.core.effects import Effects, NewMessage, Note
from engine.core.identity import derived_id, known_key
from engine.core.model import Customer, Event, EventKind, Facts, Outcome, OutcomeState, Properties, Run
from engine.core.runs.advancing import advance
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.judge import Judge
from engine.testing.virtual.memory import Memory, may_change
from engine.testing.virtual.timeline import Entry, SentMessage, SentState
from engine.testing.virtual.verdicts import Verdict

_LONGEST = timedelta(days=400)
_DEFAULT = "customer"


class StillWaiting(RuntimeError):
    """Time went on and on, and something still waits."""


class RuleFailed(RuntimeError):
    """A rule raised: a mistake of the engine, or a plan that does not fit it."""


class World:
    """One workspace over virtual time. Times without an offset are wall times of the workspace's zone."""

    def __init__(
        self,
        plan: Plan | Program,
        *,
        now: str | datetime = "2026-03-02 09:00",
        delivery: Delivery | None = None,
        memory: Memory | None = None,
        tells: bool = True,
    ) -> None:
        """A program, of rule set 1, saves the time to load the same plan for many worlds. Without `delivery`
        everybody can be reached; `memory` may share its pools and places with that of others; without `tells`
        there is no timeline, only messages, and the memory's notes."""
        self.programs: dict[int, Program] = {}
        self.live = 0
        self.memory = memory or Memory()
        self.timeline: list[Entry] = []
        self.messages: list[SentMessage] = []
        self._judge = Judge(self.memory, delivery, self.messages, self.programs)
        self._tells = tells
        self._settling: list[tuple[datetime, NewMessage]] = []
        self.watcher: Callable[[Facts, Event], None] | None = None  # told of each event, with what was known before
        self._numbers = count(1)
        self.publish(plan)
        self.now = self.moment(now)

    # rules, customers, channels

    def publish(self, plan: Plan | Program) -> int:
        """Make a plan the live one. Runs under way stay with theirs."""
        self.live = len(self.programs) + 1
        if isinstance(plan, Program):
            plan = plan if plan.rule_set == self.live else plan.plan
        self.programs[self.live] = plan if isinstance(plan, Program) else load_program(plan, self.live, ACTIONS)
        self.fill()
        return self.live

    def fill(self) -> None:
        """Segments and appointments of everybody there is, by the live rules: what follows a publication."""
        self.memory.noted.looked_at.clear()
        for customer in list(self.memory.noted.known):
            self._advance(customer)

    def meet(self, of: str = _DEFAULT, **traits: JSON) -> Customer:
        """A customer who was there before: that starts nothing."""
        known = self.customer(of)
        self.memory.customers[known.id] = with_traits(known, traits, self.programs[self.live].plan.attributes)
        self.memory.noted.known.add(known.id)
        self.memory.noted.looked_at.discard(known.id)
        self._advance(known.id)
        return self.customer(of)

    def is_in(self, segment: str, of: str = _DEFAULT) -> bool:
        return self.customer(of).id in self.memory.noted.members(segment)

    def customer(self, name: str = _DEFAULT) -> Customer:
        return self.memory.customer(known_key(name))

    def verdict(
        self, message: str, state: OutcomeState, *, after: timedelta = timedelta(0), reason: str | None = None
    ) -> None:
        """What becomes of a message, `"email/cart"`, from now on. Without one it is sent at once. `failed`: the
        provider refuses it."""
        self._judge.said[message] = Verdict(state, after, reason, undeliverable=state == "failed")

    @property
    def runs(self) -> list[Run]:
        """All runs there ever were, oldest first."""
        return sorted(self.memory.runs.values(), key=lambda run: (run.began_at, run.id))

    @property
    def sent(self) -> list[str]:
        """`"email/cart"` of each message that went out, in order."""
        return [
            f"{each.channel}/{each.template}" for each in self.messages if each.state == "sent" and not each.is_outward
        ]

    @property
    def told(self) -> list[str]:
        """`"webhook/crm_sync"`, `"staff/managers"` of each call and note that went out, in order."""
        return [f"{each.channel}/{each.template}" for each in self.messages if each.state == "sent" and each.is_outward]

    # time

    def moment(self, written: str | datetime) -> datetime:
        """`"2026-03-02 10:00"`, `"10:05"` (today), `"2026-03-02T10:00+03:00"`."""
        if isinstance(written, datetime):
            return written.astimezone(UTC)
        if "-" not in written:
            written = f"{self.now.astimezone(self.zone).date()} {written}"
        parsed = datetime.fromisoformat(written)
        return parsed.astimezone(UTC) if parsed.tzinfo else calendar.resolve(parsed, self.zone)

    @property
    def zone(self) -> ZoneInfo:
        return self.programs[self.live].zone

    def at(self, when: str | datetime) -> World:
        """Let time pass until then; what is due on the way happens on the way."""
        until = self.moment(when)
        if until < self.now:
            raise ValueError(f"time does not go backwards: {until} is before {self.now}")
        while (following := self._next_moment()) is not None and following <= until:
            self.now = max(following, self.now)
            self._happen()
        self.now = until
        return self

    def up_to(self, when: str | datetime) -> World:
        """As `at`, but what is due at that very instant waits: an event that comes then is decided first (S24)."""
        until = self.moment(when)
        while (following := self._next_moment()) is not None and following < until:
            self.now = max(following, self.now)
            self._happen()
        self.now = max(until, self.now)
        return self

    def plus(self, length: timedelta) -> World:
        return self.at(self.now + length)

    def finish(self, *, recurring_until: datetime | None = None) -> World:
        """Let time pass until nothing is left to wait for. What comes again and again, such as a schedule, comes up
        to a moment."""
        limit, last = self.now + _LONGEST, recurring_until or self.now
        while (following := self._next_moment(last)) is not None:
            if following > limit:
                raise StillWaiting(
                    say(
                        "something still waits for {moment} UTC, more than {days} days ahead",
                        moment=f"{following:%Y-%m-%d %H:%M}",
                        days=_LONGEST.days,
                    )
                )
            self.at(max(following, self.now))
        return self

    # what happens from outside

    def event(
        self,
        name: str,
        properties: Mapping[str, JSON] | None = None,
        *,
        of: str = _DEFAULT,
        happened: str | datetime | None = None,
        historical: bool = False,
        context: Properties | None = None,
    ) -> Event:
        """An event arrives now. `happened` is its own time, when that is earlier."""
        own_time = self.moment(happened) if happened is not None else self.now
        event = self._event("track", name, dict(properties or {}), of=of, at=own_time)
        return self._receive(_with(event, historical=historical, context=context))

    def identify(self, of: str = _DEFAULT, *, historical: bool = False, **traits: JSON) -> Event:
        return self.learn(traits, of=of, historical=historical)

    def learn(self, traits: Mapping[str, JSON], *, of: str = _DEFAULT, historical: bool = False) -> Event:
        """`identify` for traits of any name."""
        event = self._event("identify", "", dict(traits), of=of, at=self.now)
        return self._receive(_with(event, historical=historical))

    def receive(self, *events: Event) -> Effects:
        """Several events of one customer in one batch, as the worker reads them."""
        for event in events if self._tells else ():
            self._record(event.customer, "event", event.name or event.kind, about=event)
        effects = self._advance(events[0].customer, events=events)
        self._happen()
        return effects

    def make_event(self, name: str, properties: Mapping[str, JSON], *, happened: str | datetime) -> Event:
        """An event for `receive`, without receiving it."""
        return self._event("track", name, dict(properties), of=_DEFAULT, at=self.moment(happened))

    def _receive(self, event: Event) -> Event:
        self.receive(event)
        return event

    def _event(self, kind: EventKind, name: str, properties: Properties, *, of: str, at: datetime) -> Event:
        customer = self.customer(of)
        return Event(
            id=derived_id("event", "world", str(next(self._numbers))),
            customer=customer.id,
            kind=kind,
            name=name,
            at=at,
            received_at=self.now,
            properties=properties,
        )

    # what happens inside

    def _next_moment(self, recurring_until: datetime | None = None) -> datetime | None:
        wake_at = self.memory.next_wake(recurring_until)
        if not self._settling:
            return wake_at
        settles_at = min([at for at, _ in self._settling])
        return settles_at if wake_at is None else min(settles_at, wake_at)

    def _happen(self) -> None:
        """All that is due at this instant: verdicts on messages before timers, until nothing is left."""
        while True:
            if self._settling and (settled := self._take_settled()) is not None:
                self._settle(settled)
            elif due := self.memory.due(self.now):
                for customer in due:
                    self._advance(customer)
            else:
                return

    def _take_settled(self) -> NewMessage | None:
        """The first message of those that are due for their verdict."""
        for place, (at, message) in enumerate(self._settling):
            if at <= self.now:
                del self._settling[place]
                return message
        return None

    def _advance(self, customer: UUID, *, events: tuple[Event, ...] = (), outcome: Outcome | None = None) -> Effects:
        facts = self.memory.facts(customer)
        effects = self._decide(facts, events, [outcome] if outcome is not None else [])
        for event in events:
            self.memory.remember(event)
            if self.watcher is not None:
                self.watcher(facts, event)
        failed = len(self.memory.failures)
        self.memory.apply(customer, effects)
        for note in effects.notes if self._tells else ():
            self._record(customer, note.what, note.detail, run=note.run, line=note.line, about=note)
        for failure in self.memory.failures[failed:]:
            raise RuleFailed(f"rule {failure.rule!r} failed: {failure.error}\n{failure.detail}")
        self._queue(effects)
        return effects

    def _decide(self, facts: Facts, events: tuple[Event, ...], outcomes: list[Outcome]) -> Effects:
        """Again with more promo codes, as long as there are some and they are wanted."""
        while True:
            effects = advance(self.programs, self.live, facts, events, outcomes, now=self.now, horizon=self.now)
            codes = self.memory.pools.enough(facts.codes, effects.short_of) if effects.short_of else None
            if codes is None:
                return effects
            facts = replace(facts, codes=codes)

    def _queue(self, effects: Effects) -> None:
        withdrawn = self.memory.withdrawn(effects.withdrawals) if effects.withdrawals else ()
        for message, reason in withdrawn:
            self._settling = [(at, each) for at, each in self._settling if each.id != message.id]
            self._tell(message, "withdrawn", reason)
        if not self.memory.queued:
            return
        known = {message.id for _, message in self._settling} if self._settling else ()
        for message in self.memory.queued:
            if message.id not in known:
                self._settling.append(
                    (self.now + self._judge.takes(message, self.programs[self.live], self.now), message)
                )

    def _settle(self, message: NewMessage) -> None:
        verdict = self._judge.verdict_on(message, self.programs[self.live], self.now)
        run = self.memory.runs.get(message.run)
        if verdict.until is not None and (run is None or run.state != "sending"):
            self._settling.append((verdict.until, message))  # nobody can be asked again: it waits by itself
            self._tell(message, verdict.state, verdict.reason)
            return
        self.memory.settle(message, verdict.state)
        self._tell(message, verdict.state, verdict.reason)
        if message.is_outward or run is None or not may_change(run):
            return
        outcome = Outcome(
            message=message.id,
            run=message.run,
            state=verdict.state,
            at=self.now,
            reason=verdict.reason,
            until=verdict.until,
            undeliverable=verdict.undeliverable,
        )
        self._advance(message.customer, outcome=outcome)

    def _tell(self, message: NewMessage, state: SentState, reason: str | None) -> None:
        told = SentMessage(
            at=self.now,
            due_at=message.due_at,
            customer=self.memory.name_of(message.customer),
            channel=message.channel,
            template=message.template,
            rule=message.rule,
            rule_set=message.rule_set,
            run=message.run,
            step=message.step,
            context=message.context,
            state=state,
            reason=reason,
        )
        self.messages.append(told)
        if self._tells:
            detail = f'{message.channel} "{message.template}" {state}'
            self._record(message.customer, "message", detail, run=message.run, about=told)

    def rule_of(self, note: Note) -> str:
        """ "" when its run is not known."""
        run = self.memory.runs.get(note.run)
        return run.rule if run is not None else ""

    def _record(
        self, customer: UUID, what: str, detail: str, *, run: UUID | None = None, line: int = 0, about: object = None
    ) -> None:
        rule = self.memory.runs[run].rule if run is not None and run in self.memory.runs else ""
        self.timeline.append(
            Entry(
                at=self.now,
                customer=self.memory.name_of(customer),
                what=what,
                detail=detail,
                rule=rule,
                line=line,
                about=about,
            )
        )


def _with(event: Event, *, historical: bool = False, context: Properties | None = None) -> Event:
    return replace(event, historical=historical, context=context or {})
