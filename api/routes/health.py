"""For load balancers, `kogda up` and Prometheus."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import APIRouter
from prometheus_client import generate_latest
from starlette.responses import Response

from api.schemas.health import Live, Ready
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.storage.database import TROUBLE
from engine.storage.delivery.circuits import open_circuits
from engine.storage.delivery.delivery_signs import recent_messages, retrying_messages
from engine.storage.revisions import wanted_revision
from engine.storage.runs.promo_codes import free_codes, live_pools
from engine.storage.vital_signs import (
    current_revision,
    live_publication,
    live_workers,
    unsettled_messages,
    worker_counts,
)

router = APIRouter(tags=["health"])
_log = structlog.get_logger()
_MOST_COUNTED = 100_000


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live")
async def live() -> Live:
    """The process answers. Says nothing of what it needs."""
    return Live()


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", responses={503: {"description": "something that the server needs is missing"}})
async def ready(services: Served) -> Ready:
    """Events are accepted and decided: the database answers, its tables are current, rules are published."""
    try:
        async with asyncio.timeout(5):
            async with services.runtime.database.connection() as connection:
                revision = await current_revision(connection)
                rule_set = await live_publication(connection)
                workers = await live_workers(connection)
    except TROUBLE as error:
        # What the database said stays in the log: it may name hosts and users.
        _log.warning("not_ready", error=repr(error))
        raise _not_ready("database", "the database does not answer; the server's log says why") from error
    if revision is None or revision < wanted_revision():  # later ones: an update is under way, and it serves on
        raise _not_ready("tables", f"the tables are at {revision}, not at {wanted_revision()}; run `kogda migrate`")
    if rule_set is None:
        raise _not_ready("rules", "nothing is published yet; run `kogda publish`")
    return Ready(rule_set=rule_set, workers=workers, backlog_age_s=services.gate.state.oldest_age_s)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(services: Served) -> Response:
    """In Prometheus' text format. Figures of the database are left as they were when it does not answer."""
    try:
        async with asyncio.timeout(5):
            await _read_gauges(services)
    except TROUBLE:
        services.metrics.database_up.set(0)
    else:
        services.metrics.database_up.set(1)
    return Response(generate_latest(services.metrics.registry), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _read_gauges(services: Services) -> None:
    gauges = services.metrics
    gauges.backlog_age.set(services.gate.state.oldest_age_s)
    gauges.in_hand.set(services.in_hand.bytes)
    gauges.partitions_behind.set(services.gate.state.partitions_behind)
    async with services.runtime.database.connection() as connection:
        gauges.workers.set(await live_workers(connection))
        gauges.worker_figures.counts = await worker_counts(connection)
        for state, count in (await unsettled_messages(connection)).items():
            gauges.messages.labels(state).set(count)
        gauges.retrying.set(await retrying_messages(connection))
        for state, count in (await recent_messages(connection)).items():
            gauges.recent.labels(state).set(count)
        gauges.providers_down.clear()
        for circuit in await open_circuits(connection):
            gauges.providers_down.labels(circuit.channel).set(1)
        pools = dict.fromkeys(await live_pools(connection), _MOST_COUNTED)
        for pool, count in (await free_codes(connection, pools)).items():
            gauges.promo_codes.labels(pool).set(count)


def _not_ready(what: str, detail: str) -> Problem:
    return Problem(503, "not_ready", detail, errors=[{"path": what, "reason": detail}], headers={"retry-after": "2"})
