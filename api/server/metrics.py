"""What /metrics counts. A registry for each application, so that two in one process do not share figures."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from api.ingest.batches import Reading
from api.server.worker_figures import WorkerFigures
from engine.flow.accept_events import Accepted

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.worker_figures = WorkerFigures(self.registry)
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self.requests = counter("kogda_requests_total", "requests answered", ["endpoint", "status"])
        self.request_seconds = Histogram(
            "kogda_request_seconds", "time from request to answer", ["area"], buckets=SECONDS, registry=self.registry
        )
        self.events = counter("kogda_events_total", "events received, by what became of them", ["verdict"])
        self.overloaded = counter(
            "kogda_requests_overloaded_total", "requests for events refused, by what was short", ["short_of"]
        )
        self.in_hand = gauge("kogda_in_hand_bytes", "bodies of events that are being read and stored")
        self.callbacks = counter(
            "kogda_callbacks_total",
            "what providers reported, by what became of it; refused and repeated count calls",
            ["provider", "verdict"],
        )
        self.backlog_age = gauge("kogda_backlog_age_seconds", "age of the oldest undecided event")
        self.partitions_behind = gauge("kogda_partitions_behind", "partitions with undecided events")
        self.messages = gauge("kogda_messages", "messages by state", ["state"])
        self.retrying = gauge("kogda_messages_retrying", "queued messages whose hand-over failed at least once")
        self.recent = gauge("kogda_messages_recent", "messages decided in the last 10 minutes, by state", ["state"])
        self.promo_codes = gauge("kogda_promo_codes_free", "free promo codes, counted up to 100,000", ["pool"])
        self.providers_down = gauge("kogda_providers_down", "1 for a provider that is asked no more", ["channel"])
        self.workers = gauge("kogda_workers", "workers with a heartbeat in the last 30 seconds")
        self.database_up = gauge("kogda_database_up", "1 when the database answered the scrape")
        self._event_seconds = self.request_seconds.labels("events")
        self._stored, self._duplicate, self._rejected = (
            self.events.labels(verdict) for verdict in ("accepted", "duplicate", "rejected")
        )

    def refused(self, short_of: str) -> None:
        self.overloaded.labels(short_of).inc()

    def called_back(self, provider: str, verdict: str, count: int = 1) -> None:
        self.callbacks.labels(provider, verdict).inc(count)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        self.requests.labels(endpoint, str(status)).inc()
        self._event_seconds.observe(seconds)

    def accepted(self, accepted: Accepted, reading: Reading) -> None:
        self._stored.inc(accepted.stored)
        self._duplicate.inc(accepted.duplicates)
        self._rejected.inc(len(reading.rejects) + len(accepted.refused))
