"""Run all measurements, print the table, write docs/benchmarks.md; exits 1 when a goal is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bursts,
    checking,
    conditions,
    dead_domain,
    editing,
    herd,
    history,
    idle,
    latency,
    mail,
    mass_send,
    overload,
    parsing,
    peers,
    rendering,
    reports,
    road,
    segments,
    simulating,
    single_posts,
    slow_clients,
    soak,
    timers,
    workers,
)
from benchmarks.plots import write_plots
from benchmarks.report import PAGE, Figure, machine, write_page

SEED = 1

#: In the order of the report.
MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "conditions": conditions.measure,
    "road": lambda: road.measure(seed=SEED),
    "history": history.measure,
    "segments": segments.measure,
    "mass_send": mass_send.measure,
    "latency": latency.measure,
    "single_posts": single_posts.measure,
    "overload": overload.measure,
    "slow_clients": slow_clients.measure,
    "workers": workers.measure,
    "timers": timers.measure,
    "herd": herd.measure,
    "soak": soak.measure,
    "peers": peers.measure,
    "mail": mail.measure,
    "bursts": bursts.measure,
    "dead_domain": dead_domain.measure,
    "rendering": rendering.measure,
    "reports": reports.measure,
    "parsing": parsing.measure,
    "check": checking.measure,
    "lsp": editing.measure,
    "simulating": simulating.measure,
    "idle": idle.measure,
}


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(MEASUREMENTS)}")
    chosen = arguments.parse_args().names or list(MEASUREMENTS)
    console = Console()
    console.print(machine())
    figures: list[Figure] = []
    for name in chosen:
        with console.status(f"measuring {name} …"):
            figures += _measured(name, console)
    console.print(_table(figures))
    if len(chosen) == len(MEASUREMENTS):
        write_page(figures, write_plots(figures, PAGE.parent / "images"), seed=SEED)
    return 1 if any(figure.is_met is False for figure in figures) else 0


def _measured(name: str, console: Console) -> list[Figure]:
    """One that fails is a row that missed; the others go on."""
    try:
        return MEASUREMENTS[name]()
    except Exception as error:
        console.print_exception()
        return [Figure(what=f"{name}: the measurement failed", value=0, unit="", goal=1, detail=type(error).__name__)]


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "measured", "goal", "", title="Kogda, measured")
    for figure in figures:
        table.add_row(figure.what, f"{figure.value:,.3g} {figure.unit}", figure.goal_text, figure.verdict.strip("*"))
    return table


if __name__ == "__main__":
    sys.exit(main())
