"""Writes a customer's history as the lines of a test that say what was given and what came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dsl import plan as plans
from dsl.catalog import Catalog
from dsl.kinds import Kind
from dsl.plan import JSON
from engine.core import values
from engine.core.calendar import zone_named
from engine.core.conditions.program import Program
from engine.core.model import Customer, Event
from engine.core.runs.splits import arm_of
from engine.testing.recording.pseudonyms import Pseudonyms
from engine.testing.simulation.replay import events_heard
from engine.testing.virtual.delivery import Delivery

_MINUTE = timedelta(minutes=1)
_BUILT_IN = ("email", "phone", "timezone", "locale")
#: Personal, whether the schema says so or not.
_PERSONAL = frozenset({"email", "phone", "name", "first_name", "last_name", "surname", "full_name", "address"})


@dataclass(slots=True)
class Scribe:
    catalog: Catalog
    program: Program  # of the rules that the test is about
    customer: Customer
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    left_out: dict[str, None] = field(default_factory=dict)  # what a test cannot write, in the order in which it came

    def learn(self, events: Sequence[Event]) -> None:
        """What is personal, before anything is written: it may stand in a place that does not look like it."""
        told = [_traits(self.customer), *(event.properties for event in events if event.kind == "identify")]
        for traits in told:
            self._learn(traits, self.catalog.attributes, None)
        for event in events:
            known = self.catalog.events.get(event.name)
            if known is not None:
                self._learn(event.properties, known.properties, known.key)
        self.pseudonyms.of(self.customer.key.partition(":")[2])

    def _learn(self, given: Mapping[str, JSON], kinds: Mapping[str, Kind], key: str | None) -> None:
        for name, value in given.items():
            kind = kinds.get(name)
            if name in _PERSONAL or name == key or (kind is not None and kind.personal):
                self.pseudonyms.of(value)

    def test(self, title: str, events: Sequence[Event], *, since: datetime, path: str, files: Sequence[str]) -> str:
        heard = events_heard(self.program, Delivery.of(self.catalog))
        mine = [each for each in events if each.kind == "identify" or each.name in heard]
        came = [each for each in mine if each.received_at >= since and not each.historical]
        begins = came[0].received_at if came else since
        past = [each for each in mine if each.kind == "track" and (each.received_at < since or each.historical)]
        lines = [
            *self._rules(files, path),
            self._given(),
            *self._splits(),
            *(self._had(each, begins) for each in past if each.at < begins),
            *(line for each in came for line in self._came(each)),
        ]
        head = [f"# left out, as a test cannot write it: {', '.join(self.left_out)}"]
        named = title.replace('"', "'").replace("\n", " ")
        return "\n".join([*(head if self.left_out else []), f'test "{named}"', *(f"  {each}" for each in lines), ""])

    # given

    def _rules(self, files: Sequence[str], path: str) -> list[str]:
        if list(files) == [path.removesuffix(".test.rules") + ".rules"]:
            return []
        return [f'rules "{each.removeprefix("rules/")}"' for each in files]

    def _given(self) -> str:
        pairs = self._pairs(_traits(self.customer), self.catalog.attributes, "customer")
        if self.customer.consent:
            said = (name if given else f"no {name}" for name, given in sorted(self.customer.consent.items()))
            pairs.append(f'consent = "{", ".join(said)}"')
        if self.customer.tags:
            pairs.append(f'tags = "{", ".join(sorted(self.customer.tags))}"')
        if self.customer.points:
            pairs.append(f"points = {self.customer.points}")
        return _with("customer", pairs)

    def _splits(self) -> Iterator[str]:
        """The arm that the real customer took: it follows from the id, which is replaced."""
        arms: dict[str, str] = {}
        for rule in self.program.plan.rules:
            for step in rule.steps:
                if isinstance(step, plans.Split):
                    arms.setdefault(step.name, arm_of(step, rule.name, self.customer.id).label)
        for name, label in arms.items():
            yield f'split "{name}" takes "{label}"'

    def _had(self, event: Event, begins: datetime) -> str:
        """One event lies in the middle of the length that it is given."""
        minutes = max(2 * ((begins.replace(second=0, microsecond=0) - event.at) // _MINUTE), 1)
        return _with(f"had 1 {event.name} in last {minutes} min", self._properties(event))

    # what came

    def _came(self, event: Event) -> Iterator[str]:
        moment = f"{event.received_at.astimezone(self._zone):%Y-%m-%d %H:%M}"
        if event.kind == "track":
            yield _with(f"at {moment} {event.name}", self._properties(event))
            return
        for pair in self._pairs(event.properties, self.catalog.attributes, "customer"):
            name, _, value = pair.partition(" = ")
            yield f"at {moment} customer.{name} becomes {value}"
            if name == "timezone":
                self.customer = _in_zone(self.customer, value.strip('"'))

    @property
    def _zone(self) -> ZoneInfo:
        return zone_named(self.customer.timezone) or self.program.zone

    def _properties(self, event: Event) -> list[str]:
        known = self.catalog.events.get(event.name)
        return self._pairs(event.properties, known.properties if known is not None else {}, event.name)

    def _pairs(self, given: Mapping[str, JSON], kinds: Mapping[str, Kind], of: str) -> list[str]:
        pairs = []
        for name, value in given.items():
            kind = kinds.get(name)
            if kind is None or value is None:
                continue  # no rule can read it
            written = self._written(value, kind, given)
            if written is not None:
                pairs.append(f"{name} = {written}")
            else:
                self.left_out[f"{of}.{name}"] = None
        return pairs

    def _written(self, value: JSON, kind: Kind, beside: Mapping[str, JSON]) -> str | None:
        """As a literal of the language; None: there is none."""
        if kind.is_list or kind.name == "record":
            return None
        if kind.name == "money":
            amount = values.money(value, dict(beside), self.program.plan.currency)
            return f"{_decimal(amount[1])} {amount[0]}" if amount is not None and isinstance(amount[1], int) else None
        if kind.name == "flag":
            return {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
        value = self.pseudonyms.within(value)
        if kind.name in ("number", "percent"):
            return _number(value)
        if not isinstance(value, str) or "\n" in value or '"' in value:
            return None
        return value[:10] if kind.name == "date" else f'"{value}"'


def _traits(customer: Customer) -> dict[str, JSON]:
    built_in: dict[str, JSON] = {name: getattr(customer, name) for name in _BUILT_IN}
    return {**{name: value for name, value in built_in.items() if value is not None}, **customer.attributes}


def _in_zone(customer: Customer, zone: str) -> Customer:
    return replace(customer, timezone=zone)


def _with(line: str, pairs: Sequence[str]) -> str:
    return f"{line} with {', '.join(pairs)}" if pairs else line


def _decimal(millionths: int) -> str:
    whole, rest = divmod(abs(millionths), 1_000_000)
    decimals = f"{rest:06d}".rstrip("0")
    decimals = decimals.ljust(2, "0") if decimals else ""
    return f"{'-' if millionths < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def _number(value: JSON) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    written = repr(value)
    return written if "e" not in written and "n" not in written else None
