"""JSON values read as the kinds of the language by PostgreSQL, as `engine.core.values` reads them.

A value is read as it is meant, or the row is in doubt: numbers of very many digits, amounts written in words, dates
that do not exist. Who is in doubt is left to the interpreter, which is the definition; so nothing here needs to know
more than what is plain, and nothing here can raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from engine.core.values import NAN, number
from engine.storage.segments.parameters import Parameters

#: Days that exist in every year; 29 February is left to the interpreter.
DAY = (
    "^[12][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))$"
)
_AMOUNT = "^[0-9]{1,9}([.][0-9]{1,6})?$"
_CURRENCY = "^[A-Za-z]{3}$"
#: Letters whose lower case is the same for all.
_LETTERS = "^[ -~А-яЁё]*$"
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_UPPER_RU, _LOWER_RU = (
    "".join(chr(each) for each in (*range(0x410 + shift, 0x430 + shift), 0x401 + extra))
    for shift, extra in ((0, 0), (32, 80))
)

#: How the JSON value under a path is written.
Place = Callable[[tuple[str, ...]], str]


def is_plain(value: str) -> str:
    """Whether a number is the same to us and to the interpreter: at most 15 digits."""
    return (
        f"(abs({value}) < 1000000000 AND scale({value}) <= 6 OR abs({value}) < 10000000000000 AND scale({value}) <= 2)"
    )


def plain_number(value: object) -> Decimal | None:
    """A number of a plan that `is_plain`."""
    read = number(value)
    if read != read or read is NAN:
        return None
    exact = Decimal(repr(read))
    _, digits, exponent = exact.as_tuple()
    return exact if isinstance(exponent, int) and exponent >= -6 and abs(exact) < 10**9 and len(digits) <= 15 else None


class Values:
    """Values of one row, read in three steps, so that each is read once however many conditions ask for it."""

    def __init__(self, tag: str, parameters: Parameters, place: Place, *, currency: str | None) -> None:
        self._tag = tag
        self.parameters = parameters
        self._place = place
        self._currency = currency
        self._steps: tuple[dict[str, str], dict[str, str], dict[str, str]] = ({}, {}, {})  # expressions to columns
        self._doubts: dict[str, None] = {}

    def raw(self, path: tuple[str, ...]) -> str:
        return self._column(0, self._place(path))

    def number(self, path: tuple[str, ...]) -> str:
        raw = self.raw(path)
        value = self._column(1, f"CASE WHEN jsonb_typeof({raw}) = 'number' THEN {raw}::numeric END")
        self.doubt(f"NOT {is_plain(value)}")
        return value

    def text(self, path: tuple[str, ...]) -> str:
        raw = self.raw(path)
        return self._column(1, f"CASE WHEN jsonb_typeof({raw}) = 'string' THEN {raw} #>> '{{}}' END")

    def lowered(self, path: tuple[str, ...]) -> str:
        text = self.text(path)
        letters = self.parameters.constant(_LETTERS, "text")
        self.doubt(f"{text} !~ {letters}")
        upper = self.parameters.constant(_UPPER + _UPPER_RU, "text")
        return self._column(2, f"translate({text}, {upper}, {self.parameters.constant(_LOWER + _LOWER_RU, 'text')})")

    def day(self, path: tuple[str, ...]) -> str:
        """As a text: those of real days are in the order of their days."""
        text = self.text(path)
        self.doubt(f"{text} !~ {self.parameters.constant(DAY, 'text')}")
        return text

    def money(self, path: tuple[str, ...], beside: tuple[str, ...] | None) -> tuple[str, str]:
        """Amount and currency; an amount without a currency is none."""
        raw, outer = self.raw(path), self.raw(beside) if beside is not None else "NULL::jsonb"
        inner = self._column(1, f"CASE jsonb_typeof({raw}) WHEN 'object' THEN {raw} -> 'amount' ELSE {raw} END")
        named = self._column(1, f"CASE jsonb_typeof({raw}) WHEN 'object' THEN {raw} -> 'currency' ELSE {outer} END")
        written, shape = f"{inner} #>> '{{}}'", self.parameters.constant(_AMOUNT, "text")
        amount = self._column(
            2,
            f"CASE jsonb_typeof({inner}) WHEN 'number' THEN {inner}::numeric"
            f" WHEN 'string' THEN CASE WHEN {written} ~ {shape} THEN ({written})::numeric END END",
        )
        letters = self.parameters.constant(_CURRENCY, "text")
        workspace = self.parameters.constant(self._currency, "text")
        # Nearly all are in the workspace's: to compare it costs less than to read it, and than a pattern.
        usual = self.parameters.constant(self._currency, "jsonb") if _is_code(self._currency) else "NULL::jsonb"
        currency = self._column(
            2,
            f"CASE WHEN {named} = {usual} THEN {workspace} WHEN jsonb_typeof({named}) = 'string'"
            f" THEN upper(({named} #>> '{{}}') COLLATE \"C\") ELSE {workspace} END",
        )
        self.doubt(f"NOT {is_plain(amount)}")
        self.doubt(f"jsonb_typeof({inner}) = 'string' AND {amount} IS NULL")
        is_said = f"{named} IS DISTINCT FROM {usual} AND jsonb_typeof({named}) = 'string'"
        self.doubt(f"{is_said} AND ({named} #>> '{{}}') !~ {letters}")
        return amount, currency

    def doubt(self, when: str) -> None:
        self._doubts[when] = None

    def in_doubt(self) -> str:
        """A condition over the columns of `query`, never null."""
        return any_of(self._doubts)

    def query(self, columns: str, source: str) -> str:
        """`source` is what follows FROM. Each step is fenced: otherwise the planner reads a value at each mention."""
        named = [f"{expression} AS {name}" for expression, name in self._steps[0].items()]
        text = f"SELECT {', '.join([columns, *named])} FROM {source}"  # noqa: S608 -- words of ours
        for number_, step in enumerate(self._steps[1:]):
            if step:
                more = ", ".join(f"{expression} AS {name}" for expression, name in step.items())
                text = f"SELECT *, {more} FROM ({text} OFFSET 0) AS {self._tag}_step{number_}"  # noqa: S608
        return text

    def _column(self, step: int, expression: str) -> str:
        known = self._steps[step]
        if expression not in known:
            known[expression] = f"{self._tag}_{'rvm'[step]}{len(known)}"
        return known[expression]


def _is_code(currency: str | None) -> bool:
    return currency is not None and re.fullmatch("[A-Z]{3}", currency) is not None


def any_of(conditions: Iterable[str]) -> str:
    written = [f"coalesce({each}, false)" for each in conditions]
    return f"({' OR '.join(written)})" if written else "false"
