"""How many machines for how many customers: the table of docs/scaling.md, from the figures of docs/benchmarks.json.

python scripts/capacity.py      writes the table anew; `make bench` does so, too
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
EVENTS = "POST to decided and committed"
MAILS = "mails claimed, rendered, handed over, settled"

#: What a customer does in a day, and how much busier the busiest hour is than the mean one.
EVENTS_A_DAY, PEAK = 20, 4
#: A mailing to everybody should be out within so many hours.
MAILING_HOURS = 8
#: Measured rates are of a machine that does nothing else, at its limit: plan for this part of them.
PLANNED = 0.6
MEASURED_CORES = 2
CUSTOMERS = (100_000, 1_000_000, 10_000_000, 50_000_000)
_BEGIN, _END = "<!-- capacity: scripts/capacity.py -->\n", "<!-- end of capacity -->"


def figures(record: str) -> dict[str, float]:
    """What was measured, by name."""
    measured = json.loads(record).values()
    return {figure["what"]: figure["value"] for taken in measured for figure in taken["figures"]}


def table(measured: Mapping[str, float]) -> str:
    per_core = PLANNED * measured[EVENTS] / MEASURED_CORES
    per_worker = PLANNED * measured[MAILS]
    lines = [
        f"Planned with {per_core:,.0f} events/s a core and {per_worker:,.0f} mails/s a worker: {PLANNED:.0%} of what "
        "[benchmarks](benchmarks.md) measured.",
        "",
        "| customers | events/s, busiest hour | cores for events, of PostgreSQL, too | mails/s | workers for mails |",
        "|---|---|---|---|---|",
    ]
    for customers in CUSTOMERS:
        events = customers * EVENTS_A_DAY * PEAK / 86_400
        mails = customers / (MAILING_HOURS * 3600)
        cores, workers = max(1, ceil(events / per_core)), max(1, ceil(mails / per_worker))
        lines.append(f"| {customers:,} | {events:,.0f} | {cores} | {mails:,.0f} | {workers} |")
    return "\n".join(lines) + "\n"


def with_table(page: str, measured: Mapping[str, float]) -> str:
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + table(measured) + _END + after


def write_capacity() -> None:
    page = DOCS / "scaling.md"
    measured = figures((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    page.write_text(with_table(page.read_text(encoding="utf-8"), measured), encoding="utf-8")


if __name__ == "__main__":
    write_capacity()
