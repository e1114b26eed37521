"""`providers` of kogda.yaml: how fast those who send for us may be used, and when we stop asking one that is down."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from dsl.messages import say
from engine.workspace.channels import PROVIDERS
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Items, Scalar, Tree

KEYS = ("limit", "domains", "warm_up", "breaker")
WARM_UP_KEYS = ("start", "days")
BREAKER_KEYS = ("after", "pause")
MOST = 10_000_000
LONGEST_PAUSE = 3600

_RATE = re.compile(r"(\d{1,8})\s*(?:/|per)\s*([a-z]+)")
_PER = {
    **dict.fromkeys(("s", "sec", "second"), "second"),
    **dict.fromkeys(("min", "minute"), "minute"),
    **dict.fromkeys(("h", "hour"), "hour"),
    **dict.fromkeys(("d", "day"), "day"),
}
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_DAYS = re.compile(r"\d{4}-\d\d-\d\d")


def read_providers(value: Tree, reader: Reader) -> dict[str, dict[str, Any]]:
    """By channel. What is left out has no limit."""
    return {
        channel.key: _read_provider(channel.value, reader, channel.key)
        for channel in reader.entries(value, tuple(PROVIDERS), "providers")
    }


def _read_provider(value: Tree, reader: Reader, channel: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for entry in reader.entries(value, KEYS, channel):
        if entry.key == "limit":
            read["limit"] = _read_rates(entry.value, reader)
        elif entry.key == "domains":
            read["domains"] = _read_domains(entry.value, reader)
        elif entry.key == "warm_up":
            read["warm_up"] = _read_warm_up(entry.value, reader)
        else:
            read["breaker"] = _read_breaker(entry.value, reader)
    return {key: found for key, found in read.items() if found or key == "breaker"}


def _read_rates(value: Tree, reader: Reader) -> list[tuple[int, str]]:
    """`50/s`, or a list: `[50/s, 100000/day]`."""
    items = value.items if isinstance(value, Items) else (value,)
    rates = (_read_rate(item, reader) for item in items)
    return [rate for rate in rates if rate is not None]


def _read_rate(item: Tree, reader: Reader) -> tuple[int, str] | None:
    match = _RATE.fullmatch(item.text.strip()) if isinstance(item, Scalar) else None
    per = _PER.get(match[2]) if match else None
    if match is None or per is None or not 0 < int(match[1]) <= MOST:
        reader.wrong(item, say("a rate, such as 20/s, 600/min, 5000/h or 100000/day"))
        return None
    return int(match[1]), per


def _read_domains(value: Tree, reader: Reader) -> dict[str, list[tuple[int, str]]]:
    mapping = reader.mapping(value, "domains")
    found = {}
    for entry in mapping.entries.values() if mapping else ():
        domain = entry.key.lower()
        if not _DOMAIN.fullmatch(domain):
            reader.wrong(Scalar(entry.key, entry.key_span, entry.key), say("a domain, such as gmail.com"))
            continue
        found[domain] = _read_rates(entry.value, reader)
    return found


def _read_warm_up(value: Tree, reader: Reader) -> dict[str, Any] | None:
    found = {entry.key: entry.value for entry in reader.entries(value, WARM_UP_KEYS, "warm_up")}
    start, days = found.get("start"), found.get("days")
    if start is None or days is None:
        reader.wrong(value, say("a plan such as: start: 2026-12-01, days: [50, 100, 200, 500]"))
        return None
    first = _read_date(start, reader)
    items = days.items if isinstance(days, Items) else (days,)
    counts = [count for item in items if (count := _read_count(item, reader, MOST)) is not None]
    return {"start": first, "days": counts} if first and len(counts) == len(items) and counts else None


def _read_date(value: Tree, reader: Reader) -> str | None:
    text = value.text.strip() if isinstance(value, Scalar) else ""
    try:
        if _DAYS.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass  # such as the 30th of February
    reader.wrong(value, say("a day, such as 2026-12-01"))
    return None


def _read_count(value: Tree, reader: Reader, most: int) -> int | None:
    number = value.value if isinstance(value, Scalar) else None
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= most:
        return number
    reader.wrong(value, say("a whole number from 1 to {most}", most=most))
    return None


def _read_breaker(value: Tree, reader: Reader) -> dict[str, int] | None:
    """`off`, or after how many outages in a row, and for how long at first."""
    if isinstance(value, Scalar) and value.text.strip().lower() in ("off", "false"):
        return None
    read: dict[str, int] = {}
    for entry in reader.entries(value, BREAKER_KEYS, "breaker"):
        if entry.key == "after":
            count = _read_count(entry.value, reader, 1000)
            read |= {"after": count} if count else {}
            continue
        length = reader.length(entry.value)
        seconds = int(length.amount * {"second": 1, "minute": 60}.get(length.unit, LONGEST_PAUSE + 1)) if length else 0
        if length and seconds > LONGEST_PAUSE:
            reader.wrong(entry.value, say("a pause of at most an hour, such as 30s"))
        elif length:
            read["pause"] = seconds
    return read
