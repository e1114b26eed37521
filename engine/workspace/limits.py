"""Limits of sending in kogda.yaml: quiet hours and caps."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import time
from typing import Literal, cast

from dsl.compiling.lengths import MOST
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.plan import Length, QuietHours, Unit, WorkspaceCap
from dsl.problems import replacement
from dsl.suggestions import nearest
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Items, Mapping, Scalar, Tree

CAP_KEYS = ("limit", "topic", "over")
OVER = ("skip", "defer")

_HOURS = re.compile(r"(\d{1,2}:\d\d)\s*(?:to|-|–)\s*(\d{1,2}:\d\d)")
_CAP = re.compile(r"(\d{1,6})\s+(\w+)\s+per\s+(?:(\d{1,6})\s*)?([a-z]+)")
_UNITS: dict[str, Unit] = {
    **dict.fromkeys(("min", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hour", "hours"), "hour"),
    **dict.fromkeys(("day", "days"), "day"),
    **dict.fromkeys(("week", "weeks"), "week"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("year", "years"), "year"),
}


def read_quiet_hours(value: Tree, reader: Reader) -> QuietHours | None:
    """`22:00 to 9:00`."""
    match = _HOURS.fullmatch(value.text.strip()) if isinstance(value, Scalar) else None
    ends = [_clock(written) for written in match.groups()] if match else []
    start, end = (*ends, None, None)[:2]
    if start is None or end is None or start == end:
        reader.wrong(value, say("hours such as 22:00 to 9:00"))
        return None
    return QuietHours(start=start, end=end)


def _clock(written: str) -> str | None:
    hour, _, minute = written.partition(":")
    return time(int(hour), int(minute)).isoformat("minutes") if int(hour) < 24 and int(minute) < 60 else None


def read_caps(
    value: Tree, reader: Reader, *, topics: Collection[str], channels: Collection[str]
) -> tuple[WorkspaceCap, ...]:
    """A list of limits; a single one counts as a list of one."""
    items = value.items if isinstance(value, Items) else (value,)
    caps = (_read_cap(item, reader, topics, channels=channels) for item in items)
    return tuple(cap for cap in caps if cap is not None)


def _read_cap(item: Tree, reader: Reader, topics: Collection[str], *, channels: Collection[str]) -> WorkspaceCap | None:
    """`2 messages per day`, or `{limit: 2 messages per day, topic: news, over: defer}`."""
    if not isinstance(item, Mapping):
        return read_limit(item, reader, channels)
    found = {entry.key: entry.value for entry in reader.entries(item, CAP_KEYS, "caps")}
    if "limit" not in found:
        reader.wrong(item, say("a limit, such as limit: 2 messages per day"))
        return None
    limit = read_limit(found["limit"], reader, channels)
    topic = _read_topic(found["topic"], reader, topics) if "topic" in found else None
    over = reader.choice(found["over"], OVER) if "over" in found else None
    if limit is None:
        return None
    return WorkspaceCap(
        limit=limit.limit,
        per=limit.per,
        channel=limit.channel,
        topic=topic,
        over=cast('Literal["skip", "defer"]', over or "skip"),
    )


def _read_topic(value: Tree, reader: Reader, topics: Collection[str]) -> str | None:
    name = reader.text(value, say("the name of a topic"))
    if name is None or name in topics:
        return name
    near = nearest(name, list(topics))
    reader.problems.error(
        "E213",
        say('there is no topic "{topic}"', topic=name),
        Label(value.span, say("not among the topics of kogda.yaml")),
        notes=[say("did you mean {near}?", near=near[0])] if near else [],
        fixes=[replacement(value.span, near[0])] if near else [],
    )
    return None


def read_limit(value: Tree, reader: Reader, channels: Collection[str]) -> WorkspaceCap | None:
    match = _CAP.fullmatch(value.text.strip()) if isinstance(value, Scalar) else None
    unit = _UNITS.get(match[4]) if match else None
    if match is None or unit is None or not (int(match[1]) > 0 and 0 < int(match[3] or 1) <= MOST[unit]):
        reader.wrong(value, say("a limit, such as 2 messages per day or 1 email per 7 days"))
        return None
    what = match[2] if match[2] in channels else match[2].removesuffix("s")  # `2 emails per day`
    if what not in ("message", *channels):
        known = ", ".join(("messages", *channels))
        reader.wrong(value, say("a limit of what this server sends: {known}", known=known))
        return None
    channel = what if what in channels else None
    return WorkspaceCap(limit=int(match[1]), per=Length(int(match[3] or 1), unit), channel=channel)
