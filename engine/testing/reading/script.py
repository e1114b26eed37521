"""A test case, read: moments in UTC, values as JSON, names found. What is wrong with it goes to `problems`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dsl import syntax
from dsl.plan import JSON
from engine.core.conditions.expressions import Test
from engine.core.model import Properties
from engine.testing.virtual.timeline import SPOKEN


@dataclass(slots=True)
class Person:
    """A customer of the test. `cast_as` is the name of one who takes the wanted arms."""

    name: str
    zone: ZoneInfo
    cast_as: str = ""
    traits: dict[str, JSON] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()  # channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Something that happened before the test begins."""

    who: Person
    event: str
    at: datetime
    properties: Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Happens:
    """An event arrives, or an attribute changes."""

    at: datetime
    who: Person
    event: str = ""
    properties: Properties = field(default_factory=dict)
    traits: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What must be true of a customer at one moment."""

    at: datetime
    who: Person
    node: syntax.ExpectTag | syntax.ExpectValue
    text: str
    tag: str = ""
    test: Test | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A message, a call or a note that must be sent, from `low` to the minute of `high`."""

    node: syntax.ExpectMessage | syntax.ExpectTold
    channel: str
    template: str
    low: datetime
    high: datetime
    who: Person | None  # None: anybody
    given: Properties = field(default_factory=dict)  # what a call must carry, besides others
    said: str | None = None  # by a note; None: whatever it says

    @property
    def text(self) -> str:
        return f'{SPOKEN.get(self.channel, self.channel)} "{self.template}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """`nothing`: no message but those that are expected, up to a moment or for good."""

    node: syntax.ExpectNothing
    until: datetime | None


#: Expectations about the whole of the timeline, as they were written, with the customer that they name.
Claim: TypeAlias = syntax.ExpectNoMessage | syntax.ExpectNotTold | syntax.ExpectSkipped | syntax.ExpectExit


@dataclass(slots=True)
class Script:
    """What a test gives, does and expects."""

    is_open: bool
    people: dict[str, Person] = field(default_factory=dict)
    arms: dict[str, str] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)  # templates that the provider refuses
    dry: set[str] = field(default_factory=set)  # promo pools without a code
    past: list[Past] = field(default_factory=list)
    steps: list[Happens | Check] = field(default_factory=list)  # in the order of time
    wanted: list[Wanted] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    claims: list[tuple[Claim, Person | None]] = field(default_factory=list)

    @property
    def begins(self) -> datetime | None:
        """The first `at`; without one, the day of the first expectation."""
        first = next((step.at for step in self.steps if isinstance(step, Happens)), None)
        if first is not None or not self.wanted:
            return first
        wanted = min(self.wanted, key=lambda each: each.low)
        zone = (wanted.who or next(iter(self.people.values()))).zone
        return wanted.low.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def last(self) -> datetime | None:
        """The last moment that is written: up to then, what comes again and again comes."""
        moments = [step.at for step in self.steps] + [each.high for each in self.wanted]
        return max([*moments, *(each.until for each in self.silences if each.until is not None)], default=None)
