"""`kogda segments`: who is in them now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.language import told
from api.opened_database import opened_connection
from api.supervisor.services import connected
from dsl.messages import say
from engine.config import Settings, read_settings
from engine.errors import NothingPublished
from engine.flow.telling.segment_sizes import SegmentReport, report_segments
from engine.storage.rules.published import live_rule_set, load_rule_set


def segments(
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the segments of the live rules: how many customers are in each, and ten of them."""
    with connected(read_settings(data=data), makes_database=False) as whole:
        found = asyncio.run(_load(whole))
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    elif not found:
        print(told(say("The live rules have no segments. Write one: segment NAME means CONDITION")))
    else:
        print("\n\n".join(_rendered(each) for each in found))


async def _load(settings: Settings) -> list[SegmentReport]:
    async with opened_connection(settings) as connection:
        live = await live_rule_set(connection)
        if live is None:
            raise NothingPublished
        return await report_segments(connection, await load_rule_set(connection, live))


def _rendered(segment: SegmentReport) -> str:
    size = told(say("{name}: {n} {n:customer|customers}", name=segment.name, n=f"{segment.size:,}"))
    filling = told(say("filling {percent} %", percent=int(segment.filled * 100)))
    rules = ", ".join(f'"{name}"' for name in segment.rules)
    lines = [
        size + (f"  ({filling})" if segment.filled < 1 else ""),
        "  " + told(say("defined in {file}:{line}", file=segment.file, line=segment.line)),
        "  " + (told(say("used by {rules}", rules=rules)) if rules else told(say("no rule uses it"))),
    ]
    lines += ["  " + "  ".join(part for part in (each.key, each.email, each.phone) if part) for each in segment.sample]
    more = segment.size - len(segment.sample)
    return "\n".join([*lines, *([told(say("  and {n} more", n=f"{more:,}"))] if more > 0 and segment.sample else [])])
