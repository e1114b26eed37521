"""A simulation as one page that needs nothing else: bars by day and channel, rules, reasons, overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from api.cli.simulate_report import days_of, headline
from api.language import spoken, told
from dsl.messages import say
from engine.core.reasons import tell_reason
from engine.testing.simulation.counted import Simulation

_COLOURS = ("#2f6f4f", "#d08b2c", "#3e6fb0", "#8a4fa0", "#b0413e", "#5d7a8c")
_HEIGHT, _BAR = 180, 26
_FEWEST_DAYS = 30  # what a chart has room for: three days are three bars, not three towers
_MOST_LABELS = 8
_PAGE = Path(__file__).with_name("simulate_page.html")


def as_html(simulations: Sequence[Simulation], names: Sequence[str]) -> str:
    new, old = simulations[0], simulations[1] if len(simulations) > 1 else None
    lead = told(headline(new))
    title = told(say("What {name} would have sent", name=names[0]))
    body = [_chart(new), _rules(new, old, names), _refusals(new), _overlaps(new), _promo(new)]
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(language=spoken(), title=escape(title), lead=escape(lead), body="\n".join(body))


def _chart(simulation: Simulation) -> str:
    days, by_day = list(days_of(simulation)), simulation.by_day()
    channels = sorted({channel for counts in by_day.values() for channel in counts})
    colours = {channel: _COLOURS[place % len(_COLOURS)] for place, channel in enumerate(channels)}
    top = max((counts.total() for counts in by_day.values()), default=0)
    if not top:
        return ""
    bars, room = [], max(len(days), _FEWEST_DAYS)
    for place, day in enumerate(days):
        y = float(_HEIGHT)
        for channel, count in sorted(by_day.get(day, {}).items()):
            height = count / top * _HEIGHT
            y -= height
            told_day = escape(f"{day}: {channel} {count:,}")
            bars.append(
                f'<rect x="{place * _BAR + 2}" y="{y:.1f}" width="{_BAR - 4}" height="{height:.1f}" rx="2"'
                f' fill="{colours[channel]}"><title>{told_day}</title></rect>'
            )
        if place % _days_to_a_label(room) == 0:
            bars.append(f'<text x="{place * _BAR + 2}" y="{_HEIGHT}" dy="1.4em">{day:%d.%m.}</text>')
    keys = "".join(
        f'<span><i class="key" style="background:{colours[channel]}"></i>{escape(channel)}</span>'
        for channel in channels
    )
    width = room * _BAR
    most = escape(told(say("at most {n} a day", n=f"{top:,}")))
    return (
        f'<div class="keys">{keys}<span>{most}</span></div>'
        f'<svg viewBox="0 -8 {width} {_HEIGHT + 30}" font-size="{width / 71:.0f}" role="img" aria-label="{most}">'
        f"{''.join(bars)}</svg>"
    )


def _days_to_a_label(room: int) -> int:
    return -(-room // _MOST_LABELS)


def _rules(new: Simulation, old: Simulation | None, names: Sequence[str]) -> str:
    counts, before = new.by_rule(), old.by_rule() if old is not None else {}
    heads = [say("Rule"), say("Runs"), say("Messages"), *([names[1], say("Change")] if old is not None else [])]
    rows = []
    for name in sorted({*counts, *before, *new.starts}, key=lambda name: (-counts.get(name, 0), name)):
        count, was = counts.get(name, 0), before.get(name, 0)
        compared = [f"{was:,}", f"{count - was:+,}"] if old is not None else []
        rows.append([name, f"{new.starts[name]:,}", f"{count:,}", *compared])
    return _table(told(say("Rules")), [told(head) for head in heads], rows)


def _refusals(simulation: Simulation) -> str:
    rows = [
        [told(tell_reason(reason)), rule, f"{count:,}"] for (rule, reason), count in simulation.refused.most_common(30)
    ]
    heads = [told(say("Reason")), told(say("Rule")), told(say("Messages"))]
    return _table(told(say("Not sent, by reason")), heads, rows)


def _overlaps(simulation: Simulation) -> str:
    rows = [[f"{one} + {other}", f"{count:,}"] for (one, other), count in simulation.overlaps.most_common(30)]
    heads = [told(say("Rules")), told(say("Customers"))]
    return _table(told(say("Customers who get messages of two rules on one day")), heads, rows)


def _promo(simulation: Simulation) -> str:
    costs = simulation.costs()
    rows = [[pool, f"{count:,}", costs.get(pool, "")] for pool, count in simulation.promo.most_common()]
    return _table(told(say("Promo codes")), [told(say("Pool")), told(say("Codes")), told(say("Cost at most"))], rows)


def _table(title: str, heads: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    aligned = ["n" if _is_number(cell) else "" for cell in rows[0]]
    head = "".join(f'<th class="{side}">{escape(each)}</th>' for side, each in zip(aligned, heads, strict=True))
    lines = "".join(
        "<tr>" + "".join(f'<td class="{"n" if _is_number(cell) else ""}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{lines}</table>"


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(",", "").isdigit()
