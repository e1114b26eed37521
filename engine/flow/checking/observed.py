"""Numbers of the customers for lints: from a stream of events, or from the JSON in which a server gives them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from dsl.around import Followed, Observed
from dsl.catalog import Catalog

DAYS = 30

#: Up to which time after an event another one is counted, in seconds: from a minute to a month.
STEPS = (60, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800,
         1_209_600, 2_592_000)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of an export, or what is known of a customer (`name` None: `values` are attributes)."""

    name: str | None
    customer: str
    at: datetime
    values: frozenset[str]  # names of the properties that it has


@dataclass(slots=True)
class _Counts:
    events: Counter[str] = field(default_factory=Counter)
    having: Counter[tuple[str, str]] = field(default_factory=Counter)
    timelines: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[str, frozenset[str]] = field(default_factory=dict)


def observe(happenings: Iterable[Happening], catalog: Catalog) -> Observed | None:
    """Of the last 30 days up to the newest event. None: there are no events."""
    every = list(happenings)
    events = [each for each in every if each.name is not None]
    if not events:
        return None
    newest, oldest = max(each.at for each in events), min(each.at for each in events)
    counts = _count(every, since=newest - timedelta(days=DAYS))
    return Observed(
        days=DAYS,
        history_since=oldest.date(),
        customers=len(counts.timelines),
        events=dict(counts.events),
        doers=_doers(counts),
        properties=_shares(counts, catalog),
        attributes=_known(counts),
        followed=dict(_followed(counts, catalog)),
    )


def _count(every: Iterable[Happening], *, since: datetime) -> _Counts:
    counts = _Counts()
    for each in every:
        if each.name is None:
            counts.attributes[each.customer] = counts.attributes.get(each.customer, frozenset()) | each.values
        elif each.at >= since:
            counts.events[each.name] += 1
            counts.timelines[each.customer].append((each.at.timestamp(), each.name))
            counts.having.update((each.name, value) for value in each.values)
    return counts


def _doers(counts: _Counts) -> dict[str, int]:
    doers: Counter[str] = Counter()
    for timeline in counts.timelines.values():
        doers.update({name for _, name in timeline})
    return dict(doers)


def _shares(counts: _Counts, catalog: Catalog) -> dict[tuple[str, str], float]:
    return {
        (name, each): counts.having[name, each] / count
        for name, count in counts.events.items()
        if name in catalog.events
        for each in catalog.events[name].properties
    }


def _known(counts: _Counts) -> dict[str, float]:
    having: Counter[str] = Counter(name for names in counts.attributes.values() for name in names)
    return {name: count / len(counts.attributes) for name, count in having.items()}


def _followed(counts: _Counts, catalog: Catalog) -> Iterator[tuple[tuple[str, str], Followed]]:
    """Of events about the same object: those that have the first one's key, or cancel it."""
    pairs = {name: followers for name in counts.events if (followers := frozenset(_followers(name, catalog)))}
    reached: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (len(STEPS) + 1))
    for timeline in counts.timelines.values():
        following: dict[str, float] = {}  # the next one of each name, read from the end
        for at, name in sorted(timeline, reverse=True):
            for other in pairs.get(name, ()):
                if other in following:
                    reached[name, other][bisect_right(STEPS, following[other] - at - 1e-9)] += 1
            following[name] = at
    for (name, other), counted in reached.items():
        total = 0
        steps = []
        for step, count in zip(STEPS, counted, strict=False):
            total += count
            steps.append((step, total))
        yield (name, other), Followed(counts.events[name], tuple(steps))


def _followers(name: str, catalog: Catalog) -> Iterator[str]:
    event = catalog.events.get(name)
    if event is None:
        return
    yield from event.cancelled_by
    for other in catalog.events.values():
        if event.key and event.key in other.properties and other.name != name:
            yield other.name


def observed_from_json(values: Mapping[str, Any]) -> Observed:
    """What `GET /api/observed` gives: pairs of names are written `a/b`. Raises ValueError for anything else."""
    try:
        known = dict(values)
        if known.get("history_since"):
            known["history_since"] = date.fromisoformat(known["history_since"])
        known["properties"] = {_pair(key): float(share) for key, share in known.get("properties", {}).items()}
        known["followed"] = {
            _pair(key): Followed(int(starts), tuple((int(seconds), int(count)) for seconds, count in counts))
            for key, (starts, counts) in known.get("followed", {}).items()
        }
        return Observed(**known)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None


def observed_as_json(observed: Observed) -> dict[str, Any]:
    return {
        "days": observed.days,
        "history_since": observed.history_since.isoformat() if observed.history_since else None,
        "customers": observed.customers,
        "events": dict(observed.events),
        "doers": dict(observed.doers),
        "properties": {"/".join(pair): share for pair, share in observed.properties.items()},
        "attributes": dict(observed.attributes),
        "followed": {"/".join(pair): [each.starts, list(each.counts)] for pair, each in observed.followed.items()},
        "segments": dict(observed.segments),
        "promo_codes": dict(observed.promo_codes),
        "reachable": dict(observed.reachable),
    }


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition("/")
    return first, second
