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
    draining,
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
from benchmarks.page import write_page
from benchmarks.record import Taken, read_record, write_record
from benchmarks.report import Figure, machine

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
    "draining": draining.measure,
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
    asked = _asked()
    chosen = asked.names or list(MEASUREMENTS)
    console = Console()
    console.print(machine())
    taken: dict[str, Taken] = {}
    for name in chosen:
        with console.status(f"measuring {name} …"):
            taken[name] = Taken.now(_measured(name, console))
        if asked.keep or not asked.names:
            _keep({name: taken[name]})
    figures = [figure for each in taken.values() for figure in each.figures]
    console.print(_table(figures))
    return 1 if any(figure.is_met is False for figure in figures) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--keep", action="store_true", help="write their rows anew, and leave the others as they were")
    return parser.parse_args()


def _keep(taken: dict[str, Taken]) -> None:
    """At once: what was measured in an hour is not lost to what fails in the next."""
    known = read_record() | taken
    record = {name: known[name] for name in MEASUREMENTS if name in known}
    write_record(record)
    write_page(record, seed=SEED)


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
