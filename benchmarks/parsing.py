"""Reading rules into the syntax tree, in this process: what an editor and CI pay for the text itself."""

from __future__ import annotations

import time

from benchmarks.report import Figure
from dsl.formatter import format_source
from dsl.parser import parse_file
from dsl.source import Source

MIXED = (
    'when cart_abandoned after 1h send email "cart"\n',
    """rule "Cart {i}"
  when cart_abandoned where event.total > 1500 RUB after 1h
  unless customer in vip
  stop when order_placed
  once per 7 days
  send email "cart_{i}" or sms "cart_sms"
  wait 1 day
  if customer.tier is "gold" then
    send push "p{i}"
  else
    send sms "s{i}"
  end
""",
    """rule "Split {i}"
  when product_viewed 3 times within 7 days with same product_id
  at most 2 messages per day
  split
    45% "A": send email "a"
    45% "B": send email "b"
    10% holdout
  end
""",
    'when 3 days before customer.birthday at 10:00 send best "birthday_{i}"\n',
    'segment s{i} means count of order_placed where (total > 1000 RUB) in last 90 days >= 3 and customer.x in ("A")\n',
    """rule "Wait {i}"
  when order_placed
  wait for review_left up to 3 days
  if arrived then add 100 points else send email "ask_{i}" end
""",
)


def measure(*, rules: int = 1000) -> list[Figure]:
    text = "".join(MIXED[i % len(MIXED)].replace("{i}", str(i)) for i in range(rules))
    parse_file(Source("warm.rules", MIXED[0]))
    one = min(_seconds(text) for _ in range(5))
    four = min(_seconds(text * 4) for _ in range(3))
    how = f"{rules:,} mixed rules, {text.count(chr(10)):,} lines, CPU time, best of 5"
    return [
        Figure(what="parsing into the tree", value=one, unit="s", goal=0.6, at_least=False, detail=how),
        Figure(what="formatting", value=_formatting(text), unit="s", goal=2, at_least=False, detail=how),
        Figure(
            what="four times the rules", value=four / one, unit="x", goal=6, at_least=False, detail="no faster growth"
        ),
    ]


def _seconds(text: str) -> float:
    began = time.process_time()
    parse_file(Source("many.rules", text))
    return time.process_time() - began


def _formatting(text: str) -> float:
    began = time.process_time()
    formatted = format_source(Source("many.rules", text), "rules")
    if formatted.text is None:
        raise RuntimeError("the formatter refused the rules of the benchmark")
    return time.process_time() - began
