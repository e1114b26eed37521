"""The shop's own rules with shorter waits, so that an hour passes in seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

from dsl.parser import parse_file
from dsl.source import Source
from dsl.syntax import Duration
from dsl.walk import walk

_HOURS = {"second": 1 / 3600, "minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0, "month": 720.0, "year": 8760.0}


def shorten_workspace(workspace: Path, target: Path, *, hour_s: int) -> list[tuple[str, str]]:
    """Copy a workspace; in its rules an hour becomes `hour_s` seconds. What was written before and after, each once.

    Clock times (`wait until friday 10:00`) and tests stay out of it: the first are real, the second are not copied.
    """
    for name in ("kogda.yaml", "schema.yaml"):
        shutil.copy(workspace / name, target / name)
    shutil.copytree(workspace / "templates", target / "templates")
    (target / "rules").mkdir()
    changed: dict[str, str] = {}
    for path in sorted((workspace / "rules").glob("*.rules")):
        if not path.name.endswith(".test.rules"):
            text = shorten(path.read_text(encoding="utf-8"), changed, hour_s=hour_s)
            (target / "rules" / path.name).write_text(text, encoding="utf-8")
    return list(changed.items())


def shorten(rules: str, changed: dict[str, str], *, hour_s: int) -> str:
    """The same rules; every length of time is written in seconds. `changed` collects before and after."""
    file, _ = parse_file(Source("rules", rules))
    lengths = [node for node in walk(file.items) if isinstance(node, Duration)]
    for length in sorted(lengths, key=lambda node: node.span.start, reverse=True):
        before = rules[length.span.start : length.span.end]
        after = f"{max(1, round(length.amount * _HOURS[length.unit] * hour_s))}s"
        changed[before] = after
        rules = rules[: length.span.start] + after + rules[length.span.end :]
    return rules
