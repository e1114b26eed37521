"""`kogda check` of many rules, as CI feels it: a new process each time."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import KOGDA

LONG = """\
rule "Cart {number}"
  when cart_updated where event.total > {number} EUR and event.items contains "sku-{number}" after 1h
  owner "anna"
  only if customer.city is "Kazan" or customer.tier in ("silver", "gold")
  stop when order_placed
  once per event.cart_id per 7 days
  send email "note"
  wait until 10:00
  if customer.tier is "gold" then
    send email "note" with discount = 10%
  else
    split "Test {number}"
      50% "A": send email "note"
      50% holdout
    end
  end
"""
MIDDLE = """\
rule "Order {number}"
  when order_placed where event.total >= {number} EUR and event.kind is "k{number}"
  once per 7 days
  send email "note"
"""
SHORT = 'when product_viewed where event.category is "c{number}" after 1h unless order_placed send email "note"\n'

#: One long rule for three of middle length and six of one line: 36 lines for ten rules, as people write them.
MIXED = (LONG, *[MIDDLE] * 3, *[SHORT] * 6)


def measure(*, rules: int = 1000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
        check = Check(Path(name))
        return [
            _figure(check, "`kogda check` of 1,000 mixed rules from cold", MIXED, rules, goal=1.5),
            _figure(check, "`kogda check` of 1,000 long rules from cold", (LONG,), rules, goal=None),
            *_of_ten_times(check, MIXED, rules * 10),
        ]


class Check:
    """`kogda check` as pip installs it: its modules are compiled, whatever the environment of this process says."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        (folder / "first").mkdir()
        write_workspace(folder / "first", MIXED, 20)
        self.seconds(folder / "first")

    def seconds(self, folder: Path) -> float:
        command = [str(KOGDA), "check", "--workspace", str(folder)]
        began = time.perf_counter()
        checked = subprocess.run(command, capture_output=True, text=True, check=False, env=self._environment)
        seconds = time.perf_counter() - began
        if checked.returncode:
            raise RuntimeError(checked.stdout[-2000:] + checked.stderr[-2000:])
        return seconds

    def spent(self, folder: Path) -> tuple[float, float]:
        """Seconds, and seconds of CPU."""
        before = os.times()
        seconds = self.seconds(folder)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return seconds, cpu


def _of_ten_times(check: Check, kinds: Sequence[str], rules: int) -> list[Figure]:
    """Cold, then again when nothing has changed: the second one finds the chunks of the first. In CPU time too,
    since a machine that does other things shows that in seconds only."""
    with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
        lines = write_workspace(Path(name), kinds, rules)
        cold, *warm = [check.spent(Path(name)) for _ in range(4)]
    how = f"{lines:,} lines in 20 files, a new process; CPU"
    warm_s = statistics.median(seconds for seconds, _ in warm)
    warm_cpu = statistics.median(cpu for _, cpu in warm)
    return [
        Figure(
            what="`kogda check` of 10,000 mixed rules from cold", value=cold[0], unit="s", goal=15, at_least=False,
            detail=f"{how} {cold[1]:.1f} s",
        ),
        Figure(
            what="`kogda check` of 10,000 mixed rules, warm", value=warm_s, unit="s", goal=1, at_least=False,
            detail=f"median of {len(warm)}; {how} {warm_cpu:.2f} s",
        ),
    ]  # fmt: skip


def _figure(check: Check, what: str, kinds: Sequence[str], rules: int, *, goal: float | None) -> Figure:
    spent, lines = [], 0
    for _ in range(5):  # a second check of the same folder reads only what has changed
        with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
            lines = write_workspace(Path(name), kinds, rules)
            spent.append(check.spent(Path(name)))
    value = statistics.median(seconds for seconds, _ in spent)
    cpu = statistics.median(cpu for _, cpu in spent)
    how = f"median of 5 new processes, a new folder each, {lines:,} lines in 20 files; slowest {max(spent)[0]:.2f} s"
    how += f"; CPU {cpu:.2f} s"
    return Figure(what=what, value=value, unit="s", goal=goal, at_least=False, detail=how)


def write_workspace(folder: Path, kinds: Sequence[str], rules: int) -> int:
    """Returns how many lines the rules have."""
    (folder / "rules").mkdir()
    (folder / "templates" / "email").mkdir(parents=True)
    (folder / "kogda.yaml").write_text("language: 1\nname: Bench\ntimezone: UTC\ncurrency: EUR\n")
    (folder / "schema.yaml").write_text(shop.SCHEMA)
    (folder / "templates" / "email" / "note.html").write_text(shop.TEMPLATES["email/note.html"])
    lines = 0
    for file in range(20):
        text = "\n".join(kinds[number % len(kinds)].format(number=number) for number in range(file, rules, 20))
        lines += text.count("\n")
        (folder / "rules" / f"part{file}.rules").write_text(text)
    return lines
