"""What was measured last, by measurement: docs/benchmarks.json, from which the page, its plots and the table of
machines are made. One measurement can be taken anew without the hours that all of them take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from benchmarks.report import Figure, machine
from engine.clock import utc_now

RECORD = Path(__file__).parent.parent / "docs" / "benchmarks.json"


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement: its rows, when they were taken, and where."""

    on: date
    machine: str
    figures: tuple[Figure, ...]

    @classmethod
    def now(cls, figures: Iterable[Figure]) -> Taken:
        return cls(utc_now().date(), machine(), tuple(figures))


def read_record() -> dict[str, Taken]:
    if not RECORD.exists():
        return {}
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    return {
        name: Taken(
            date.fromisoformat(taken["on"]), taken["machine"], tuple(Figure(**figure) for figure in taken["figures"])
        )
        for name, taken in kept.items()
    }


def write_record(record: Mapping[str, Taken]) -> None:
    kept = {
        name: {
            "on": taken.on.isoformat(),
            "machine": taken.machine,
            "figures": [asdict(figure) for figure in taken.figures],
        }
        for name, taken in record.items()
    }
    RECORD.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
