"""A simulation as text with plots, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from api.language import told
from dsl.messages import Message, say
from engine.core.reasons import tell_reason
from engine.testing.simulation.counted import Simulation
from engine.testing.virtual.timeline import SPOKEN

_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDTH = 40
_MOST = 10


def render_simulations(simulations: Sequence[Simulation], names: Sequence[str]) -> str:
    """The first one in full; beside it the second, if there is one."""
    return "\n".join(_lines(simulations[0], simulations[1] if len(simulations) > 1 else None, names)) + "\n"


def headline(simulation: Simulation) -> Message:
    """How much there was, and what it would have led to."""
    return say(
        "{events} {events:event|events} of {customers} {customers:customer|customers}, {first} to {last}: "
        "{messages} {messages:message|messages} to {reached} of them",
        events=f"{simulation.events:,}", customers=f"{simulation.customers:,}", first=f"{simulation.since:%Y-%m-%d}",
        last=f"{simulation.until:%Y-%m-%d}", messages=f"{simulation.total:,}", reached=f"{simulation.reached:,}",
    )  # fmt: skip


def _lines(new: Simulation, old: Simulation | None, names: Sequence[str]) -> Iterator[str]:
    days = max((new.until - new.since).days, 1)
    yield told(headline(new))
    if old is not None:
        yield told(say("compared with {name}: {change}", name=names[1], change=_change(new.total, old.total)))
    yield ""
    yield from _plot(new)
    yield ""
    yield from _rules(new, old, days)
    for title, lines in (
        (say("Not sent, by reason"), _refusals(new)),
        (say("Customers who get messages of two rules on one day"), _overlaps(new)),
        (say("Most messages to one customer on one day"), _busiest(new)),
        (say("Promo codes"), _promo(new)),
        (say("Calls and notes to the staff"), _outward(new)),
    ):
        if lines:
            yield from ("", told(title), *lines)


def _plot(simulation: Simulation) -> Iterator[str]:
    """A line of blocks for each channel, a block a day."""
    by_day = simulation.by_day()
    days = list(days_of(simulation))
    for channel in sorted({channel for counts in by_day.values() for channel in counts}):
        counts = [by_day[day][channel] if day in by_day else 0 for day in days]
        top = max(counts)
        bars = "".join(_BLOCKS[-(-count * 8 // top)] if top else " " for count in counts)
        yield f"  {channel:<8} {bars}  " + told(say("at most {n} a day", n=f"{top:,}"))


def days_of(simulation: Simulation) -> Iterator[date]:
    day = simulation.since.astimezone(simulation.zone).date()
    while day <= simulation.until.astimezone(simulation.zone).date():
        yield day
        day += timedelta(days=1)


def _rules(new: Simulation, old: Simulation | None, days: int) -> Iterator[str]:
    counts, before = new.by_rule(), old.by_rule() if old is not None else {}
    names = sorted({*counts, *before, *new.starts}, key=lambda name: (-counts.get(name, 0), name))
    top = max([*counts.values(), *before.values(), 1])
    width = max((len(name) for name in names), default=0)
    for name in names:
        count = counts.get(name, 0)
        bar = "█" * round(count / top * _WIDTH)
        change = f"  {_change(count, before.get(name, 0))}" if old is not None else ""
        starts = told(say("{n} {n:run|runs}", n=f"{new.starts[name]:,}"))
        daily = told(say("{n} a day", n=f"{count / days:,.1f}"))
        yield f"  {name:<{width}}  {count:>9,}  {daily:>14}  {starts:>14}{change}  {bar}".rstrip()


def _change(new: int, old: int) -> str:
    return told(say("{old} -> {new} ({change})", old=f"{old:,}", new=f"{new:,}", change=f"{new - old:+,}"))


def _refusals(simulation: Simulation) -> list[str]:
    counted = simulation.refused.most_common(_MOST)
    return [f"  {count:>9,}  {told(tell_reason(reason))}  ({rule})" for (rule, reason), count in counted]


def _overlaps(simulation: Simulation) -> list[str]:
    return [f"  {count:>9,}  {one} + {other}" for (one, other), count in simulation.overlaps.most_common(_MOST)]


def _busiest(simulation: Simulation) -> list[str]:
    return [
        "  "
        + told(say("{n} {n:message|messages}: {customers} {customers:customer|customers}", n=n, customers=f"{count:,}"))
        for n, count in sorted(simulation.busiest.items(), reverse=True)[:5]
    ]


def _promo(simulation: Simulation) -> list[str]:
    costs = simulation.costs()
    return [
        f"  {count:>9,}  {pool}" + (told(say(": {cost} at most", cost=costs[pool])) if pool in costs else "")
        for pool, count in simulation.promo.most_common()
    ]


def _outward(simulation: Simulation) -> list[str]:
    counted = simulation.outward.most_common(_MOST)
    return [f'  {count:>9,}  {SPOKEN.get(channel, channel)} "{target}"' for (channel, target), count in counted]


def as_json(simulations: Sequence[Simulation]) -> list[dict[str, Any]]:
    return [
        {
            "from": each.since.isoformat(),
            "until": each.until.isoformat(),
            "events": each.events,
            "customers": each.customers,
            "reached": each.reached,
            "messages": each.total,
            "runs": dict(each.starts),
            "sent": [
                {"day": day.isoformat(), "channel": channel, "rule": rule, "messages": count}
                for (day, channel, rule), count in sorted(each.sent.items())
            ],
            "refused": [
                {"rule": r, "reason": why, "messages": count} for (r, why), count in each.refused.most_common()
            ],
            "overlaps": [{"rules": list(pair), "customers": count} for pair, count in each.overlaps.most_common()],
            "busiest": {str(n): count for n, count in sorted(each.busiest.items())},
            "outward": [{"channel": c, "target": t, "count": count} for (c, t), count in each.outward.most_common()],
            "promo": [
                {"pool": pool, "codes": count, "cost": each.costs().get(pool)}
                for pool, count in each.promo.most_common()
            ],
        }
        for each in simulations
    ]
