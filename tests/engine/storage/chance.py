"""Random customers, histories and conditions, the odd ones among them: for the fill in SQL beside the interpreter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar

ZONES = (None, "UTC", "Europe/Riga", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Mars/Base", "")
LENGTHS = [
    plan.Length(*each) for each in
    [(36, "hour"), (90, "minute"), (1, "day"), (30, "day"), (180, "day"), (52, "week"), (1, "month"), (1, "year")]
]  # fmt: skip
TEXTS = ["gold", "Gold", "", "silver", "ЁЛКА", "ёлка", "straße", "İx", 'quo"te', "5", "golden"]
NUMBERS = [0, 1, 2, 3, 5, 2.5, -3, 0.1, 0.30000000000000004, 10**18, 1e25, 1e-9, 3.0, "5", None, True, [], {}, 99.99]
MONEY = [10, 10.5, "10.00", "10,5", "7 EUR", "x", None, 0.1, {"amount": "10.5", "currency": "EUR"}, -4, 25,
         {"amount": 5, "currency": "usd"}, {"amount": "12.5"}, {"amount": {}, "currency": "EUR"}, True]  # fmt: skip
DAYS = ["2026-02-28", "2024-02-29", "2026-02-30", "2026-01-01T10:00:00Z", "2026-06-30", "", 5, None]
LISTS = [["gold"], ["a", "gold"], [], [["gold"]], "gold", None, [1, True]]
PROPERTIES = {"n": ("number", NUMBERS), "m": ("money", MONEY), "t": ("text", TEXTS), "l": ("list of text", LISTS),
              "f": ("flag", [True, False, "yes"]), "d": ("date", DAYS), "o.t": ("text", TEXTS)}  # fmt: skip
CONSTANTS: dict[str, list[plan.JSON]] = {
    "number": [0, 1, 2, 2.5, 5, -3, 0.1],
    "text": ["gold", "", "5", "ёлка", "silver", 'quo"te'],
    "flag": [True, False],
    "date": ["2026-02-28", "2026-01-01"],
    "money": [
        {"amount": amount, "currency": currency} for amount in ("10.5", "25", "0") for currency in ("EUR", "USD")
    ],
}
EVENTS = ("a", "b")


class Chance:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(365 * 86_400))

    def pick(self, options: Any) -> Any:
        return self.random.choice(list(options))

    # customers

    def attributes(self) -> dict[str, plan.JSON]:
        return self._values(0.7)

    def properties(self) -> dict[str, plan.JSON]:
        currency = {"currency": self.pick(["EUR", "eur", "USD", "EURO", 5])} if self.random.random() < 0.4 else {}
        return {**self._values(0.8), **currency}

    def _values(self, share: float) -> dict[str, plan.JSON]:
        found: dict[str, Any] = {}
        is_plain = self.random.random() < 0.7
        for name, (_, options) in PROPERTIES.items():
            if self.random.random() < share:
                value = self.pick(options[:4]) if is_plain else self.pick(options)
                first, _, second = name.partition(".")
                found[first] = {second: value} if second else value
        return found

    def times(self, zone: ZoneInfo) -> list[datetime]:
        return [self._time(zone) for _ in range(self.pick([0, 1, 1, 2, 3, 6]))]

    def _time(self, zone: ZoneInfo) -> datetime:
        """Now and then at the very border of a window."""
        if self.random.random() < 0.15:
            border = calendar.add(self.now, self.pick(LENGTHS), zone, sign=-1)
            return border + timedelta(microseconds=self.pick([-1, 0, 1]))
        reach = self.pick([3600, 86_400, 40 * 86_400, 400 * 86_400])
        ago = timedelta(seconds=self.random.randrange(reach), microseconds=self.pick([0, 1, 250_000]))
        return self.now - ago + (timedelta(days=1) if self.random.random() < 0.01 else timedelta())

    # conditions

    def condition(self, depth: int = 2) -> plan.Expression:
        kind = self.pick(["all", "any", "not", "leaf", "leaf"]) if depth else "leaf"
        if kind in ("all", "any"):
            operands = tuple(self.condition(depth - 1) for _ in range(self.pick([1, 2, 3])))
            return plan.All(operands) if kind == "all" else plan.Any(operands)
        return plan.Not(self.condition(depth - 1)) if kind == "not" else self._leaf()

    def _leaf(self) -> plan.Expression:
        what = self.pick(["happened", "tally", "tally", "tally", "days", "last", "attribute", "attribute", "built in"])
        if what == "happened":
            return plan.Happened(self.pick(EVENTS), self.pick(LENGTHS))
        if what == "built in":
            return self.pick([
                plan.Compare(plan.Attribute("id", "text"), ">", plan.Constant("text", "u3")),
                plan.Contains(plan.Attribute("tags", "list of text"), plan.Constant("text", "vip")),
                plan.Compare(plan.Attribute("points", "number"), ">=", plan.Constant("number", 2)),
                plan.IsKnown(plan.Attribute("email", "text")),
            ])  # fmt: skip
        if what == "tally":
            return self._compared(self._tally())
        if what == "days":
            return self._compared(plan.DaysSince(self.pick(EVENTS)))
        name, (kind, _) = self.pick(PROPERTIES.items())
        if what == "last":
            return self._about(plan.LastValue(self.pick(EVENTS), name, kind))
        return self._about(plan.Attribute(name, kind))

    def _tally(self) -> plan.Tally:
        function = self.pick(["count", "count", "sum", "average"])
        within = self.pick([*LENGTHS, None])
        where = None
        if self.random.random() < 0.4:
            name, (kind, _) = self.pick(PROPERTIES.items())
            where = self._about(
                self.pick([plan.Property(name, kind), plan.Property(name, kind), plan.Attribute(name, kind)])
            )
        if function == "count":
            return plan.Tally("count", self.pick(EVENTS), "number", where=where, within=within)
        name, kind = self.pick([("n", "number"), ("m", "money")])
        currency = self.pick([None, None, "EUR"]) if kind == "money" else None
        return plan.Tally(function, self.pick(EVENTS), kind, name, where, within, currency)

    def _about(self, value: plan.Operand) -> plan.Expression:
        if value.kind.startswith("list"):
            return self.pick([plan.Contains(value, plan.Constant("text", "gold")), plan.IsKnown(value)])
        what = self.pick(["compare", "compare", "known", "one of", "part"])
        if what == "known" and value.kind in ("text", "number", "flag"):
            return plan.IsKnown(value)
        if what == "one of":
            return plan.OneOf(value, (self._constant(value.kind), self._constant(value.kind)))
        if what == "part" and value.kind == "text":
            return self.pick([plan.Contains, plan.StartsWith])(
                value, plan.Constant("text", self.pick(["Gol", "ёл", ""]))
            )
        return self._compared(value)

    def _compared(self, value: plan.Operand) -> plan.Expression:
        comparisons = ["is", "is not"] if value.kind == "flag" else ["is", "is not", ">", "<", ">=", "<="]
        if value.kind in ("number", "money") and self.random.random() < 0.2:
            return plan.Between(value, self._constant(value.kind), self._constant(value.kind))
        return plan.Compare(value, self.pick(comparisons), self._constant(value.kind))

    def _constant(self, kind: str) -> plan.Constant:
        return plan.Constant(kind, self.pick(CONSTANTS[kind]))
