"""What customers did, as SQL: each event name is read once for a customer, however many conditions ask."""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.conditions.history import MOST_EVENTS
from engine.storage.segments.parameters import Parameters
from engine.storage.segments.values_sql import Values, any_of, is_plain

#: Windows that are longer are left to the interpreter: PostgreSQL's calendar ends elsewhere.
_MOST_DAYS = 7500
_DAYS = {"second": 1 / 86_400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}
_HOUR = "interval '1 hour'"


class Untranslatable(Exception):
    """Only the interpreter can tell."""


class Clocks:
    """What depends on a customer's clock alone: columns of a table with a row for each zone (see `fills`)."""

    def __init__(self) -> None:
        self.windows: dict[tuple[plan.Length, ZoneInfo | None], int] = {}  # zone None: the customer's
        self.days = 0  # so many are looked at, before and after today

    def window(self, length: plan.Length, zone: ZoneInfo | None = None) -> int:
        if length.amount * _DAYS[length.unit] > _MOST_DAYS:
            raise Untranslatable("a window of many years")
        return self.windows.setdefault((length, zone), len(self.windows))

    def look(self, days: Decimal) -> None:
        if days > _MOST_DAYS:
            raise Untranslatable("many years")
        self.days = max(self.days, ceil(days) + 2)


class Pasts:
    def __init__(self, parameters: Parameters, clocks: Clocks, *, currency: str | None) -> None:
        self.parameters = parameters
        self.clocks = clocks
        self.currency = currency
        self._pasts: dict[str, Past] = {}
        self._lasts: dict[str, Last] = {}
        self.instants: dict[str, str] = {}  # expressions to columns
        self.gate: str | None = None  # what must hold of the customer for what is being written to matter
        self.doubts: dict[str, None] = {}

    def of(self, event: str) -> Past:
        found = self._pasts.setdefault(event, Past(event, f"p{len(self._pasts)}", self))
        found.gates[self.gate] = None
        return found

    def last(self, event: str) -> Last:
        found = self._lasts.setdefault(event, Last(event, f"l{len(self._lasts)}", self))
        found.gates[self.gate] = None
        return found

    def instant(self, expression: str) -> str:
        return self.instants.setdefault(expression, f"i{len(self.instants)}")

    def doubt(self, when: str) -> None:
        self.doubts[when] = None

    @property
    def now(self) -> str:
        return self.parameters.given("now", "timestamptz")

    def beside(self, customers: str) -> str:
        """Rows with `c_partition`, `c_id`, `c_xid`, `c_seq` and a clock's columns of customers, and what they did."""
        joined = [f" LEFT JOIN LATERAL ({each.query()}) AS {each.tag} ON true" for each in self._pasts.values()]
        joined += [f" LEFT JOIN LATERAL ({each.query()}) AS {each.tag} ON true" for each in self._lasts.values()]
        instants = [f"{expression} AS {name}" for expression, name in self.instants.items()]
        return f"SELECT {', '.join(['*', *instants])} FROM ({customers}) AS c {''.join(joined)} OFFSET 0"  # noqa: S608

    def in_doubt(self) -> str:
        read: list[Past | Last] = [*self._pasts.values(), *self._lasts.values()]
        return any_of([*self.doubts, *(each.in_doubt() for each in read)])


def _values(tag: str, pasts: Pasts) -> Values:
    def place(path: tuple[str, ...]) -> str:
        return "e.body -> 'properties'" + "".join(f" -> {pasts.parameters.constant(part, 'text')}" for part in path)

    return Values(tag, pasts.parameters, place, currency=pasts.currency)


class Past:
    """The events of one name in the longest window that is asked for."""

    def __init__(self, event: str, tag: str, pasts: Pasts) -> None:
        self.event = event
        self.tag = tag
        self._pasts = pasts
        self.values = _values(tag, pasts)
        self._aggregates: dict[str, str] = {}
        self._since: dict[int, None] = {}  # windows
        self._is_about = False
        self._is_ever = False
        self.gates: dict[str | None, None] = {}

    def count(self, within: plan.Length | None) -> str:
        return self._aggregate(f"count({self.tag}_at) FILTER (WHERE {self._inside(within)})")

    def newest(self, within: plan.Length) -> str:
        return self._aggregate(f"max({self.tag}_at) FILTER (WHERE {self._inside(within)})")

    def newest_about(self, within: plan.Length, zone: ZoneInfo | None) -> str:
        """The newest one, if it lies in the window or not long before."""
        window = self._pasts.clocks.window(within, zone)
        self._since[window] = None
        self._is_about = True
        return self._aggregate(f"max({self.tag}_at) FILTER (WHERE {self.tag}_at > after_{window} - interval '1 day')")

    def oldest(self, within: plan.Length) -> str:
        return self._aggregate(f"min({self.tag}_at) FILTER (WHERE {self._inside(within)})")

    def times(self, within: plan.Length) -> str:
        """All, in order."""
        at = f"{self.tag}_at"
        return self._aggregate(f"array_agg({at} ORDER BY {at}) FILTER (WHERE {self._inside(within)})")

    def compared(self, tally: plan.Tally, where: str, operator: str, constant: str, *, currency: str | None) -> str:
        """A tally beside a fixed value; a mean is never divided, so nothing is rounded."""
        inside = f"{self._inside(tally.within)} AND {where}"
        if tally.function == "count":
            return f"{self._aggregate(f'count({self.tag}_at) FILTER (WHERE {inside})')} {operator} {constant}"
        if tally.property is None:
            raise Untranslatable("nonsense")
        path = tuple(tally.property.split("."))
        if currency is None:
            value = self.values.number(path)
        else:
            value, named = self.values.money(path, ("currency",))
            inside += f" AND {named} = {currency}"
        total = self._aggregate(f"coalesce(sum({value}) FILTER (WHERE {inside}), 0)")
        if tally.function == "sum":
            if currency is None:
                self._pasts.doubt(f"NOT {is_plain(total)}")
            return f"{total} {operator} {constant}"
        many = self._aggregate(f"count({value}) FILTER (WHERE {inside})")
        if currency is None:  # the interpreter's mean is the nearest float
            self._pasts.doubt(f"{total} <> {constant} * {many} AND abs({total} - {constant} * {many}) < 0.001 * {many}")
            self._pasts.doubt(f"abs({total}) >= 1000000000 * {many} AND {many} > 0")
        return f"(CASE WHEN {many} > 0 THEN {total} {operator} {constant} * {many} END)"

    def leaves(self, at: str, within: plan.Length, zone: ZoneInfo | None = None) -> str:
        """When what happened `at` leaves the window."""
        window = self._pasts.clocks.window(within, zone)
        found = self._pasts.instant(f"{at} + whiles_{window}[width_bucket({at}, bounds_{window})]")
        self._pasts.doubt(f"{at} IS NOT NULL AND {found} IS NULL")
        return found

    def query(self) -> str:
        columns = [f"{expression} AS {name}" for expression, name in self._aggregates.items()]
        doubts = f"bool_or({self.values.in_doubt()} OR {self.tag}_at > {self._pasts.now})"
        columns += [f"count(*) AS {self.tag}_all", f"{doubts} AS {self.tag}_odd"]
        events = self.values.query(f"e.at AS {self.tag}_at", self._source())
        found = f"SELECT {', '.join(columns)} FROM ({events}) AS e"  # noqa: S608
        asked = _gate(self)
        return f"SELECT * FROM ({found} OFFSET 0) AS a WHERE {asked} OFFSET 0" if asked else found  # noqa: S608

    def in_doubt(self) -> str:
        return any_of([f"{self.tag}_all > {MOST_EVENTS}", f"{self.tag}_odd"])

    def _source(self) -> str:
        """An event is received after it happened (emitted ones a moment before), so older months need not be looked
        into. Where they begin is the same for all, so that it is found once."""
        since = ""
        if self._since and not self._is_ever:
            earlier = " - interval '1 day'" if self._is_about else ""
            after = ", ".join(f"after_{window}" for window in self._since)
            earliest = ", ".join(self._pasts.parameters.given(f"earliest_{n}", "timestamptz") for n in self._since)
            since = f" AND e.at > least({after}){earlier} AND e.received_at > least({earliest}){earlier} - {_HOUR}"
        return f"{_of_customer(self, self._pasts)}{since} LIMIT {MOST_EVENTS + 1}"

    def _inside(self, within: plan.Length | None) -> str:
        if within is None:
            self._is_ever = True
            return "true"
        window = self._pasts.clocks.window(within)
        self._since[window] = None
        return f"{self.tag}_at > after_{window}"

    def _aggregate(self, expression: str) -> str:
        return self._aggregates.setdefault(expression, f"{self.tag}_a{len(self._aggregates)}")


class Last:
    """The newest event of a name."""

    def __init__(self, event: str, tag: str, pasts: Pasts) -> None:
        self.event = event
        self.tag = tag
        self.at = f"{tag}_at"
        self._pasts = pasts
        self.values = _values(tag, pasts)
        self.gates: dict[str | None, None] = {}

    def days_since(self, compared: Decimal) -> str:
        self._pasts.clocks.look(abs(compared))
        return f"(today - width_bucket({self.at}, starts))"

    def days_after(self, days: int) -> str:
        """The midnight so many days after that of the event."""
        day = f"width_bucket({self.at}, starts)"
        return self._pasts.instant(f"CASE WHEN {day} > 0 THEN starts[{day} + {days}] END")

    def query(self) -> str:
        asked = _gate(self)
        gate = f" AND {asked}" if asked is not None else ""
        source = f"{_of_customer(self, self._pasts)}{gate} ORDER BY e.at DESC, e.xid DESC, e.seq DESC LIMIT 1"
        return self.values.query(f"e.at AS {self.at}", source)

    def in_doubt(self) -> str:
        return any_of([self.values.in_doubt(), f"{self.at} > {self._pasts.now}"])


def _gate(read: Past | Last) -> str | None:
    """What must hold of the customer for any of it to matter; of others it is null. None: it always matters."""
    gates = [gate for gate in read.gates if gate is not None]
    return f"({' OR '.join(gates)})" if len(gates) == len(read.gates) else None


def _of_customer(read: Past | Last, pasts: Pasts) -> str:
    """Decided events only, and not those months in which there are none: an index is asked for each customer."""
    name = pasts.parameters.constant(read.event, "text")
    whose = "e.partition = c_partition AND e.customer = c_id"
    begins, ends = (pasts.parameters.given(f"empty_{edge}", "timestamptz") for edge in ("from", "to"))
    when = f"(e.received_at < {begins} OR e.received_at >= {ends})"
    return f"event e WHERE {whose} AND e.name = {name} AND {when} AND (e.xid, e.seq) <= (c_xid, c_seq)"
