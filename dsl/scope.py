"""What an expression may mention at its place in a rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from dsl import plan
from dsl.catalog import Catalog, EventType
from dsl.kinds import WORDS, Kind
from dsl.messages import say
from dsl.problems import Problems
from dsl.resolve import Definition, Names
from dsl.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """`events` are those that `event.` may stand for; None where there is no event (D19)."""

    catalog: Catalog
    names: Names
    problems: Problems
    events: tuple[EventType, ...] | None
    in_run: bool = True  # False in the `where` of a trigger: no run has begun that something could follow
    after_wait_for: bool = False  # a `wait for` stands above, so `arrived` has a meaning
    after_issue: bool = False  # an `issue promo` stands above, so `issued` has one
    counted: EventType | None = None  # in the brackets of a count: its properties stand there by their bare names
    any_event: bool = False  # a definition by itself: `event.` is checked against every event there is

    @property
    def source(self) -> Source:
        return self.problems.source

    def line(self, span: Span) -> int:
        return self.source.place(span.start).line

    def inside(self, definition: Definition) -> Scope:
        """The same place, reading a text that stands in another file."""
        if definition.source is self.source:
            return self
        return replace(self, names=self.names.of(definition.source), problems=self.problems.about(definition.source))

    def where(self, events: tuple[EventType, ...], *, in_run: bool) -> Scope:
        """Inside the `where` of an event list: `event.` is the new event."""
        return replace(self, events=events, in_run=in_run, after_wait_for=False, after_issue=False)

    def counting(self, event: EventType) -> Scope:
        """Inside the brackets of `count of EVENT where (…)`: `event.` stays what it is outside."""
        return replace(self, counted=event, in_run=False, after_wait_for=False, after_issue=False)

    def is_counted(self, word: str) -> bool:
        return self.counted is not None and word in self.counted.properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A value of an expression, what is known about it, and the place to point at."""

    operand: plan.Operand
    kind: Kind
    span: Span
    currency: str | None = None  # of a written amount

    @property
    def is_constant(self) -> bool:
        return isinstance(self.operand, plan.Constant)


#: None where a mistake was found, and reported.
Maybe: TypeAlias = "Typed | None"


def described(kind: Kind) -> str:
    """A kind in the marketer's words."""
    if kind.is_list:
        return say("a list of {kind}", kind=kind.name)
    if kind.values:
        return say("one of {values}", values=", ".join(f'"{value}"' for value in kind.values))
    return WORDS.get(kind.name, kind.name)
