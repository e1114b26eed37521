"""What workers have done, as they told it with their last heartbeat: a worker that begins anew has a new id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

#: Counter to what it is called, what it says, and its label.
_FIGURES = {
    "attempts": ("kogda_attempts", "messages taken up by workers, by what became of them", "outcome"),
    "decided": ("kogda_decided", "what workers have decided", "what"),
}


class WorkerFigures(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.counts: Sequence[tuple[str, Mapping[str, Mapping[str, int]]]] = ()
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        for figure, (name, says, label) in _FIGURES.items():
            family = CounterMetricFamily(name, says, labels=["worker", label])
            for worker, counts in self.counts:
                for value, count in sorted(counts.get(figure, {}).items()):
                    family.add_metric([worker, value], count)
            yield family
