"""`python -m tests.simulation --seed 17` plays one world and tells its story; `--from 0 --to 2000` plays many."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from engine.embedded import EmbeddedServices
from engine.storage.migrate import migrate
from tests.conftest import FAST_AND_LOOSE
from tests.simulation.sabotage import RARE, SABOTAGES, Sabotage
from tests.simulation.worlds import simulation


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one world, with all that happened in it")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=100)
    parser.add_argument("--without", default="", help="words of a sabotage of tests/simulation/sabotage.py")
    given = parser.parse_args()
    sabotage = next((each for each in (*SABOTAGES, *RARE) if given.without and given.without in each.name), None)
    with (
        tempfile.TemporaryDirectory(prefix="kogda-worlds-") as folder,
        EmbeddedServices(Path(folder), postgres_options=FAST_AND_LOOSE) as services,
    ):
        asyncio.run(migrate(services.endpoints.database_url))
        if given.seed is not None:
            return _play(services.endpoints.database_url, [given.seed], sabotage, tells_all=True)
        return _play(services.endpoints.database_url, range(given.first, given.last), sabotage)


def _play(url: str, seeds: Iterable[int], sabotage: Sabotage | None, *, tells_all: bool = False) -> int:
    """How many broke a law."""
    began, cpu, failed, played = time.perf_counter(), time.process_time(), 0, 0
    with simulation(url) as (runner, worlds):
        for seed in seeds:
            report = runner.run(worlds.play(seed, sabotage))
            played, failed = played + 1, failed + bool(report.failure)
            if tells_all:
                print("\n".join(report.trace))
            if tells_all or report.failure:
                print(f"seed {seed}: {report.failure or 'all laws hold'}; {report.steps} steps, digest {report.digest}")
    took = f"{time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s of this process's CPU"
    print(f"{played} worlds, {failed} in which a law was broken; {took}")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
