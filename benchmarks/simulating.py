"""How long a simulation takes: a month of a shop's events through 100 rules, on one core."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from api.simulating import rules_of, simulate_file, without_search_for_cycles
from benchmarks import shop
from benchmarks.report import Figure

EACH = 10  # events of one customer
_MONTH_S = 30 * 86_400


def measure(*, events: int = 1_000_000, rules: int = 100, seed: int = 1) -> list[Figure]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _write_workspace(folder, rules)
        export = folder / "events.ndjson"
        export.write_text("".join(_lines(events, rules, seed)))
        chosen = rules_of(folder)
        began = time.perf_counter()
        with without_search_for_cycles():
            simulation = simulate_file(chosen, export, None, lambda _count, _total: None)
        seconds = time.perf_counter() - began
    how = (
        f"{events:,} events of {events // EACH:,} customers over 30 days, {rules} rules: {simulation.total:,} messages"
    )
    return [
        Figure(
            what="kogda simulate, a million events" if events == 1_000_000 else "kogda simulate",
            value=seconds * 1_000_000 / events, unit="s", goal=60, at_least=False, detail=how,
        )
    ]  # fmt: skip


def _write_workspace(folder: Path, rules: int) -> None:
    (folder / "rules").mkdir()
    (folder / "rules/shop.rules").write_text(shop.rules(rules))
    (folder / "schema.yaml").write_text(shop.SCHEMA)
    (folder / "kogda.yaml").write_text("language: 1\n")
    for path, text in shop.TEMPLATES.items():
        (folder / "templates" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "templates" / path).write_text(text)


def _lines(events: int, rules: int, seed: int) -> Iterator[str]:
    began = datetime.fromisoformat("2026-10-01T00:00+00:00")
    for number, event in enumerate(shop.events(events, customers=events // EACH, rules=rules, seed=seed)):
        event["timestamp"] = (began + timedelta(seconds=number * _MONTH_S / events)).isoformat()
        yield json.dumps(event) + "\n"
