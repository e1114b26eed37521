"""Promo codes from a CSV file, and new ones."""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsl.messages import Message, say

#: Letters and digits that nobody takes for each other.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
#: Of so many random texts at most one is a code: nobody finds one by trying.
RARITY = 10_000

_CODE = re.compile(r"[^\s\x00-\x1f\x7f\"',;]{1,64}")
_TITLES = ("code", "codes", "promo", "promocode", "promo code", "coupon", "код", "промокод")
_MOST_MISTAKES = 20


@dataclass(slots=True)
class ReadCodes:
    """`mistakes` name lines; with any of them nothing should be imported."""

    codes: list[tuple[str, datetime | None]] = field(default_factory=list)  # each with its own end
    mistakes: list[Message] = field(default_factory=list)


def read_codes(text: str, zone: ZoneInfo) -> ReadCodes:
    """A code a line, perhaps with the last day of its life: `AB12CD,2026-12-31`. A line of titles is passed over."""
    read = ReadCodes()
    seen: dict[str, int] = {}
    for number, row in _rows(text):
        if number == 1 and row[0].casefold() in _TITLES:
            continue
        code, *more = row
        until = _until(more[0], zone) if more and more[0] else None
        if not _CODE.fullmatch(code):
            _note(read, number, say('"{code}" cannot be a code: no blanks or quotes, at most 64 characters', code=code))
        elif code.casefold() in seen:
            first = seen[code.casefold()]
            _note(read, number, say('"{code}" stands in line {first} already', code=code, first=first))
        elif more and more[0] and until is None:
            _note(read, number, say('"{day}" is not a day, such as 2026-12-31', day=more[0]))
        else:
            seen[code.casefold()] = number
            read.codes.append((code, until))
        if len(read.mistakes) >= _MOST_MISTAKES:
            read.mistakes.append(say("and perhaps more"))
            break
    return read


def _note(read: ReadCodes, number: int, mistake: Message) -> None:
    read.mistakes.append(say("line {number}: {mistake}", number=number, mistake=mistake))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """With their numbers; blank ones are left out. Semicolons and tabs divide as well as commas."""
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    for number, row in enumerate(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter), 1):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield number, cells


def _until(written: str, zone: ZoneInfo) -> datetime | None:
    """The end of that day in the workspace's zone."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def new_codes(count: int, *, length: int, prefix: str = "") -> list[str]:
    """Random ones, each once. Whether they exist in a pool already is not known here."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))] = None
    return list(found)


def shortest_length(count: int) -> int:
    """How long codes must be, so that so many of them cannot be guessed."""
    length = 1
    while len(ALPHABET) ** length < count * RARITY:
        length += 1
    return length
