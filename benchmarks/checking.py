"""`kogda check` of many rules, as CI feels it: a new process each time."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import KOGDA

RULE = """\
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


def measure(*, rules: int = 1000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
        folder = Path(name)
        _write(folder, rules)
        seconds = [_check(folder) for _ in range(5)]
    how = f"median of 5 new processes, {rules:,} rules of 14 lines in 20 files; slowest {max(seconds):.2f} s"
    value = statistics.median(seconds)
    return [Figure(what="`kogda check` from cold", value=value, unit="s", goal=1.5, at_least=False, detail=how)]


def _check(folder: Path) -> float:
    began = time.perf_counter()
    checked = subprocess.run([KOGDA, "check", "--workspace", folder], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if checked.returncode:
        raise RuntimeError(checked.stdout[-2000:] + checked.stderr[-2000:])
    return seconds


def _write(folder: Path, rules: int) -> None:
    (folder / "rules").mkdir()
    (folder / "templates" / "email").mkdir(parents=True)
    (folder / "kogda.yaml").write_text("language: 1\nname: Bench\ntimezone: UTC\ncurrency: EUR\n")
    (folder / "schema.yaml").write_text(shop.SCHEMA)
    (folder / "templates" / "email" / "note.html").write_text(shop.TEMPLATES["email/note.html"])
    for file in range(20):
        chunk = range(file, rules, 20)
        (folder / "rules" / f"part{file}.rules").write_text("\n".join(RULE.format(number=number) for number in chunk))
