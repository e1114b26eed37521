"""`repeats` and `sunset` of kogda.yaml: how a workspace spares people."""

from __future__ import annotations

from typing import Any

from dsl.messages import say
from dsl.plan import Length
from engine.workspace.limits import read_limit
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Scalar, Tree

REPEATS_KEYS = ("within", "of")
SUNSET_KEYS = ("after", "keep")
OF = ("template", "topic")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}


def read_repeats(value: Tree, reader: Reader) -> dict[str, Any]:
    """`off`, or `{within: 24h, of: topic}`."""
    if isinstance(value, Scalar) and value.text.strip().lower() in ("off", "false"):
        return {"off": True}
    read: dict[str, Any] = {}
    for entry in reader.entries(value, REPEATS_KEYS, "repeats"):
        if entry.key == "of":
            read["of"] = reader.choice(entry.value, OF)
        elif (length := reader.length(entry.value)) is not None:
            read["within_s"] = _seconds(length)
    return {key: found for key, found in read.items() if found}


def read_sunset(value: Tree, reader: Reader) -> dict[str, Any] | None:
    """`{after: 180 days, keep: 1 message per 30 days}`."""
    found = {entry.key: entry.value for entry in reader.entries(value, SUNSET_KEYS, "sunset")}
    if "after" not in found or "keep" not in found:
        reader.wrong(value, say("a policy such as: after: 180 days, keep: 1 message per 30 days"))
        return None
    after, keep = reader.length(found["after"]), read_limit(found["keep"], reader, ())
    if after is None or keep is None:
        return None
    return {"after_s": _seconds(after), "limit": keep.limit, "per": [keep.per.amount, keep.per.unit]}


def _seconds(length: Length) -> int:
    return length.amount * _SECONDS[length.unit]
