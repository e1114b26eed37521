"""Random conditions, and random customers at awkward moments: clock changes, leap days, ends of months, late events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from dsl import plan

KINDS = ("text", "number", "flag", "date", "moment", "money")
ADDED = ("number", "money")
EVENTS = ("a", "b", "c")
SEGMENTS = ("vip", "young")

hostile = st.sampled_from(["", "x' or True #", "\\", '"', "k0", "__import__('os')", "{e}", "\n", "\x00", "é", "ß", "İ"])
texts = st.sampled_from(["Moscow", "moscow", "Mos", "Kazan", "4200", "4200 RUB", "12.5 usd", "1,5"]) | hostile
numbers = st.sampled_from([0, 1, -1, 0.1, 0.3, 0.1 + 0.2, 1.0, 4200, 4200.1, 10**30, 1e300, -5.5]) | st.integers(-5, 5)
dates = st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-03", "2026-02-29", "1992-02-29", "2026-3-2", "20260302",
                         "2024-02-29", "2027-12-31", "1999-03-01"])  # fmt: skip
moments = st.sampled_from(
    ["2026-03-02T20:59:59Z", "2026-03-02T21:00:00Z", "2026-03-02T22:30:00+00:00", "2026-03-03T01:30:00+03:00",
     "2026-03-01T22:30:00", "2026-03-02T22:29:59.999999Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
     "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2028-02-29T12:00:00Z"]
)  # fmt: skip
amounts = st.fixed_dictionaries(
    {
        "amount": st.sampled_from(["4200", "4200.10", "0.1", "1.0000001"]) | numbers,
        "currency": st.sampled_from(["RUB", "USD"]),
    }
)
scalars = st.none() | st.booleans() | numbers | texts | dates | moments | amounts | st.floats()
junk = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=2)
VALUES = {"text": texts, "number": numbers, "flag": st.booleans(), "date": dates, "moment": moments, "money": amounts}

kinds = st.sampled_from(KINDS)
events = st.sampled_from(EVENTS)
comparisons = st.sampled_from(["is", "is not", ">", "<", ">=", "<="])
#: Events lie as long ago as these windows are: on their borders everything is decided.
borders = st.sampled_from(
    [plan.Length(60, "minute"), plan.Length(1, "hour"), plan.Length(24, "hour"), plan.Length(1, "day"),
     plan.Length(1, "week"), plan.Length(30, "day"), plan.Length(1, "month"), plan.Length(1, "year")]
)  # fmt: skip
lengths = borders | st.builds(
    plan.Length, st.integers(1, 40), st.sampled_from(["minute", "hour", "day", "week", "month"])
)


def constants(kind: str) -> st.SearchStrategy[plan.Constant]:
    return st.builds(plan.Constant, st.just(kind), VALUES[kind])


def properties(kind: str, *, outside: bool = False) -> st.SearchStrategy[plan.Operand]:
    names = st.sampled_from([f"{kind}_1", f"{kind}_2", f"deep.{kind}"])
    return st.builds(plan.Property, names, st.just(kind), st.just(outside))


def attributes(kind: str) -> st.SearchStrategy[plan.Operand]:
    names = st.sampled_from([f"{kind}_1", f"{kind}_2", f"deep.{kind}"])
    return st.builds(plan.Attribute, names, st.just(kind), st.booleans() if kind == "date" else st.just(False))


def last_values(kind: str) -> st.SearchStrategy[plan.Operand]:
    return st.builds(plan.LastValue, events, st.sampled_from([f"{kind}_1", f"deep.{kind}"]), st.just(kind))


@st.composite
def tallies(draw: st.DrawFn, kind: str) -> plan.Operand:
    """Counts, sums and averages with this kind of result."""
    functions = ["count", "sum", "average"] if kind == "number" else ["sum", "average"]
    function = draw(st.sampled_from(functions))
    counts = function == "count"
    return plan.Tally(
        function=function,  # type: ignore[arg-type]
        event=draw(events),
        kind=kind,
        property=None if counts else draw(st.sampled_from([f"{kind}_1", f"deep.{kind}"])),
        where=draw(st.none() | filters()),
        within=draw(st.none() | lengths),
        currency=draw(st.sampled_from(["RUB", "USD", None])) if kind == "money" else None,
    )


@st.composite
def filters(draw: st.DrawFn) -> plan.Expression:
    """The condition in the brackets of a count: bare names are the counted event's."""
    kind = draw(kinds)
    value = draw(properties(kind))
    other = draw(constants(kind) | properties(kind, outside=True) | attributes(kind))
    simple = plan.Compare(value, draw(comparisons), other)
    match draw(st.integers(0, 4)):
        case 0:
            return plan.Not(simple)
        case 1:
            return plan.IsKnown(value)
        case 2:
            return plan.Any((simple, plan.Happened(draw(events), draw(lengths))))
    return simple


def variables(kind: str) -> st.SearchStrategy[plan.Operand]:
    some = properties(kind) | attributes(kind) | last_values(kind)
    if kind == "number":
        return some | tallies(kind) | st.builds(plan.DaysSince, events)
    return some | tallies(kind) if kind == "money" else some


def named(operand: plan.Operand) -> plan.Operand:
    """Beside fixed amounts of any currency, a sum has one of its own: the compiler sees to that."""
    if isinstance(operand, plan.Tally) and operand.kind == "money" and operand.currency is None:
        return plan.Tally(operand.function, operand.event, "money", operand.property, operand.where, currency="RUB")
    return operand


@st.composite
def atoms(draw: st.DrawFn) -> plan.Expression:
    kind = draw(kinds)
    value, other = draw(variables(kind)), draw(variables(kind) | constants(kind))
    match draw(st.integers(0, 13)):
        case 0 | 1 | 2:
            return plan.Compare(value, draw(comparisons), other)
        case 3:
            left, right = draw(kinds), draw(kinds)
            return plan.Compare(draw(variables(left)), draw(comparisons), draw(constants(right) | variables(right)))
        case 4:
            return plan.Between(value, draw(st.sampled_from([value, other])), draw(constants(kind) | st.just(value)))
        case 5:
            return plan.OneOf(named(value), tuple(draw(st.lists(constants(kind), max_size=3))))
        case 6 if kind == "text":
            return draw(st.sampled_from([plan.Contains, plan.StartsWith]))(value, other)
        case 6:
            listed = draw(
                st.sampled_from(
                    [
                        plan.Property(f"list_{kind}", f"list of {kind}"),
                        plan.Attribute(f"list_{kind}", f"list of {kind}"),
                        plan.LastValue("a", f"list_{kind}", f"list of {kind}"),
                    ]
                )
            )
            return plan.Contains(listed, draw(constants(kind)))
        case 7:
            return plan.IsKnown(draw(st.sampled_from([value, plan.Property("list_text", "list of text")])))
        case 8:
            return plan.Happened(draw(events), draw(st.none() | lengths))
        case 9:
            return plan.InSegment(draw(st.sampled_from([*SEGMENTS, "gone"])))
        case 10 | 11:
            count = plan.Tally("count", draw(events), "number", where=draw(st.none() | filters()), within=draw(borders))
            return plan.Compare(count, draw(comparisons), plan.Constant("number", draw(st.integers(0, 3))))
        case 12:
            other = draw(constants(kind))
            return plan.Compare(draw(tallies(kind)), draw(comparisons), other) if kind in ADDED else plan.IsKnown(value)
    kind = draw(st.sampled_from(["date", "moment"]))
    return plan.InLast(draw(properties(kind) | attributes(kind)), draw(lengths))


expressions = st.recursive(
    atoms(),
    lambda inner: (
        st.builds(plan.Not, inner)
        | st.builds(plan.All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(plan.Any, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def bags() -> st.SearchStrategy[dict[str, Any]]:
    values = {f"{kind}_{number}": VALUES[kind] | junk for kind in KINDS for number in (1, 2)}
    lists = {f"list_{kind}": st.lists(VALUES[kind] | junk, max_size=2) | junk for kind in KINDS}
    deep = st.dictionaries(st.sampled_from(KINDS), scalars, max_size=2) | junk
    currency = st.sampled_from(["USD", "usd", "RUB", "", 5, None])
    return st.fixed_dictionaries({}, optional={**values, **lists, "deep": deep, "currency": currency})


@st.composite
def past_bags(draw: st.DrawFn) -> dict[str, Any]:
    """Small ones: a history has many."""
    bag: dict[str, Any] = {}
    for kind in draw(st.lists(kinds, max_size=3)):
        bag[draw(st.sampled_from([f"{kind}_1", f"{kind}_2"]))] = draw(VALUES[kind] | scalars)
    if draw(st.booleans()):
        bag["deep"] = {draw(kinds): draw(scalars)}
        bag["currency"] = draw(st.sampled_from(["USD", "RUB", None]))
    bag["list_text"] = ["Moscow"]
    return bag


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One customer at one moment. `past` is in the order of arrival: late ones come after newer ones."""

    event: dict[str, Any]
    attributes: dict[str, Any]
    past: dict[str, list[tuple[datetime, dict[str, Any]]]]
    now: datetime
    began: datetime
    zone: ZoneInfo
    leap_day: str

    def elsewhere(self, now: datetime, zone: ZoneInfo) -> Customer:
        """With the same past, as long ago, at another moment in another zone; event and attributes change places."""
        moved = {name: [(at + (now - self.now), bag) for at, bag in arrived] for name, arrived in self.past.items()}
        event, attributes_ = self.attributes, {name: self.event[name] for name in self.event if name != "currency"}
        return replace(
            self, event=event, attributes=attributes_, past=moved, now=now, began=now - timedelta(hours=5), zone=zone
        )


#: Around both clock changes of Europe and of Lord Howe (half an hour), a leap day, ends of months and years.
NOWS = [
    datetime(*parts, tzinfo=UTC)
    for parts in (
        (2026, 3, 2, 22, 30), (2026, 3, 29, 0, 59, 59), (2026, 3, 29, 1, 0), (2026, 3, 30, 0, 30),
        (2026, 10, 25, 0, 30), (2026, 10, 25, 1, 30), (2026, 10, 26, 1, 30), (2028, 2, 29, 12, 0),
        (2028, 3, 31, 10, 0), (2027, 2, 28, 23, 59),
        (2026, 10, 3, 15, 15), (2026, 12, 31, 23, 59, 59), (2027, 1, 1, 0, 0), (2029, 3, 1, 0, 0),
    )
]  # fmt: skip
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Moscow", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns",
                                     "Pacific/Apia")]  # fmt: skip


def everywhere(customer: Customer) -> Iterator[Customer]:
    """At each of the moments, each time in another zone; each zone meets each moment, over many customers."""
    first = ZONES.index(customer.zone)
    for number, now in enumerate(NOWS):
        customer = customer.elsewhere(now, ZONES[(first + number) % len(ZONES)])
        yield customer


minutes = [-1, 0, 1, 59, 60, 61, 1380, 1439, 1440, 1441, 1500, 10_080, 10_140, 43_200, 44_640, 525_600, 527_040]
ago = st.sampled_from(minutes) | st.integers(0, 60_000)


@st.composite
def customers(draw: st.DrawFn) -> Customer:
    now = draw(st.sampled_from(NOWS))
    arrivals = st.tuples(ago.map(lambda minutes: now - timedelta(minutes=minutes)), past_bags())
    attributes_ = draw(bags())
    attributes_.pop("currency", None)
    return Customer(
        event=draw(bags()),
        attributes=attributes_,
        past={name: draw(st.lists(arrivals, max_size=4)) for name in ("a", "b")},
        now=now,
        began=now - timedelta(hours=5),
        zone=draw(st.sampled_from(ZONES)),
        leap_day=draw(st.sampled_from(["28 february", "1 march"])),
    )
