"""What /metrics counts. A registry for each application, so that two in one process do not share figures."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from api.ingest.batches import Reading
from api.worker_figures import WorkerFigures
from engine.flow.accept_events import Accepted


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.worker_figures = WorkerFigures(self.registry)
        self.requests = Counter(
            "kogda_requests_total", "requests answered", ["endpoint", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "kogda_request_seconds",
            "time from request to answer",
            ["area"],
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registry,
        )
        self.events = Counter(
            "kogda_events_total", "events received, by what became of them", ["verdict"], registry=self.registry
        )
        self.callbacks = Counter(
            "kogda_callbacks_total",
            "what providers reported, by what became of it; refused and repeated count calls",
            ["provider", "verdict"],
            registry=self.registry,
        )
        self.backlog_age = Gauge(
            "kogda_backlog_age_seconds", "age of the oldest undecided event", registry=self.registry
        )
        self.partitions_behind = Gauge(
            "kogda_partitions_behind", "partitions with undecided events", registry=self.registry
        )
        self.messages = Gauge("kogda_messages", "messages by state", ["state"], registry=self.registry)
        self.retrying = Gauge(
            "kogda_messages_retrying", "queued messages whose hand-over failed at least once", registry=self.registry
        )
        self.recent = Gauge(
            "kogda_messages_recent",
            "messages decided in the last 10 minutes, by state",
            ["state"],
            registry=self.registry,
        )
        self.promo_codes = Gauge(
            "kogda_promo_codes_free", "free promo codes, counted up to 100,000", ["pool"], registry=self.registry
        )
        self.workers = Gauge("kogda_workers", "workers with a heartbeat in the last 30 seconds", registry=self.registry)
        self.database_up = Gauge("kogda_database_up", "1 when the database answered the scrape", registry=self.registry)
        self._event_seconds = self.request_seconds.labels("events")
        self._stored, self._duplicate, self._rejected = (
            self.events.labels(verdict) for verdict in ("accepted", "duplicate", "rejected")
        )

    def called_back(self, provider: str, verdict: str, count: int = 1) -> None:
        self.callbacks.labels(provider, verdict).inc(count)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        self.requests.labels(endpoint, str(status)).inc()
        self._event_seconds.observe(seconds)

    def accepted(self, accepted: Accepted, reading: Reading) -> None:
        self._stored.inc(accepted.stored)
        self._duplicate.inc(accepted.duplicates)
        self._rejected.inc(len(reading.rejects) + len(accepted.refused))
