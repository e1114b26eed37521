"""The words of the language as messages and suggestions use them."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.keywords import CHANNELS, ENGLISH, MONTHS, PERIODS, RUSSIAN, UNITS, WEEKDAYS
from dsl.messages import in_a_row, say

#: Terminal to every form in both languages.
FORMS: dict[str, tuple[str, ...]] = {
    **{terminal: (*ENGLISH[terminal], *RUSSIAN[terminal]) for terminal in ENGLISH},
    "CHANNEL": tuple(CHANNELS),
    "WEEKDAY": tuple(WEEKDAYS),
    "MONTH_NAME": tuple(MONTHS),
    "PERIOD": tuple(PERIODS),
}

#: Every form of every keyword.
ALL_WORDS: frozenset[str] = frozenset(form for forms in FORMS.values() for form in forms)

CLAUSES = (
    "ONLY_IF", "UNLESS", "STOP_WHEN", "GOAL", "ONCE", "IF_REPEATED", "AT_MOST", "ONLY_FIRST", "QUIET_HOURS",
    "IGNORE_QUIET_HOURS", "TRANSACTIONAL", "CATCH_UP", "TIMEZONE", "PRIORITY", "ACTIVE", "OWNER", "DESCRIPTION",
)  # fmt: skip
STEPS = (
    "SEND", "WAIT", "WAIT_FOR", "IF", "SPLIT", "SET", "INCREASE", "DECREASE", "ADD", "REMOVE", "ISSUE", "EMIT",
    "CALL", "NOTIFY", "EXIT",
)  # fmt: skip
ITEMS = ("WHEN", "EVERY", "ON_DATE", "RULE", "SEGMENT", "DEFINE", "LET", "USE")
TEST_LINES = ("CUSTOMER", "HAD", "SPLIT", "WORKSPACE", "TEMPLATE", "RULES", "AT_MOMENT", "EXPECT", "EXAMPLES")

#: What a message calls a terminal that is not a keyword.
KINDS = {
    "STRING": say("text in quotes"),
    "DURATION": say("a length of time such as 1 day"),
    "TIME": say("a time such as 10:00"),
    "DATE": say("a date such as 2026-12-31"),
    "MONEY": say("an amount of money such as 1500 RUB"),
    "INT": say("a number"),
    "PERCENT": say("a percentage such as 45%"),
    "WEEKDAY": say("a day of the week"),
    "MONTH_NAME": say("the name of a month"),
    "PERIOD": say("day, week or month"),
    "CHANNEL": say("a channel such as email, sms, push"),
    "NAME": say("a name"),
    "EQUAL": '"="',
    "COLON": '":"',
    "COMMA": '","',
    "DOT": '"."',
    "LPAR": '"("',
    "RPAR": '")"',
    "MORETHAN": '">"',
    "LESSTHAN": '"<"',
}

#: All of them together mean "a value may stand here".
_VALUE = frozenset(("CUSTOMER", "EVENT", "COUNT", "SUM", "AVERAGE", "LAST", "DAYS_SINCE", "STRING", "DATE"))
_VALUE_ONLY = frozenset(("NUMBER", "INT", "MONEY", "TIME", "DURATION", "PERCENT", "PLACEHOLDER", "NAME"))
_CONDITION_ONLY = frozenset(("NOT", "ARRIVED", "ISSUED", "LPAR"))
_AFTER_VALUE = ("IS", "IS_NOT", "MORETHAN", "LESSTHAN", "IN", "IS_KNOWN")

_ORDER = (
    "SEND", "WAIT", "IF", "UNLESS", "ONLY_IF", "STOP_WHEN", "AFTER", "ONCE", "WHERE", "THEN", "END", "ELSE",
    *KINDS, *_AFTER_VALUE, *ITEMS, "TEST", *TEST_LINES, *CLAUSES, *STEPS,
)  # fmt: skip


def is_word_of(terminal: str, word: str) -> bool:
    return word.lower() in FORMS.get(terminal, ())


def one_of(word: str, terminals: Iterable[str]) -> str | None:
    """The terminal that has this form."""
    return next((terminal for terminal in terminals if is_word_of(terminal, word)), None)


def shown(terminal: str, *, russian: bool = False) -> str:
    """The word to print for a terminal."""
    if terminal in KINDS:
        return KINDS[terminal]
    words = (RUSSIAN if russian else ENGLISH).get(terminal)
    return words[0] if words else terminal.lower()


def expectation(expected: frozenset[str], *, russian: bool = False, most: int = 6) -> str:
    """`send, wait, if, split …`: what could stand somewhere, the likeliest first."""
    left = set(expected) - {"$END"}
    if left - set(ITEMS):
        left -= set(ITEMS)  # after any item another may begin: true, and no help inside one
    if left & {"HAD", "EXPECT"}:
        left -= {"TEST", "TODO", "DOT", "OPEN"}
    words: list[str] = []
    if left >= _VALUE:
        words.append(
            say("a condition such as customer in vip") if "NOT" in left else say("a value such as customer.city")
        )
        left -= _VALUE | _VALUE_ONLY | _CONDITION_ONLY
    rank = {terminal: place for place, terminal in reversed(list(enumerate(_ORDER)))}
    listed = sorted(
        (terminal for terminal in left if terminal in KINDS or terminal in ENGLISH),
        key=lambda terminal: (rank.get(terminal, len(_ORDER)), terminal),
    )
    words += list(dict.fromkeys(shown(terminal, russian=russian) for terminal in listed))
    likeliest = in_a_row(", ", words[:most])
    return say("{likeliest} …", likeliest=likeliest) if len(words) > most else likeliest


def is_unit(word: str) -> bool:
    return word.lower() in UNITS
