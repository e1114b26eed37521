"""Peers in the same run: a job for each event with arq and with procrastinate, and durable_rules for matching."""

from __future__ import annotations

import asyncio
import random
import time
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any, cast
from uuid import uuid4

import asyncpg
import procrastinate
from arq.connections import RedisSettings, create_pool
from arq.worker import Worker, func

from benchmarks import conditions, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH
from benchmarks.stand import Stand
from benchmarks.workers import decide
from dsl import plan

try:
    from durable.lang import assert_fact, m, retract_fact, ruleset, when_all
except ImportError:  # it comes as C source alone: `make bench` installs it where there is a compiler
    ruleset = None

AT_ONCE = 50  # jobs that a peer's worker runs at once
_DONE = "INSERT INTO bench_done (id) VALUES ($1)"


def measure(*, jobs: int = 3_000, events: int = 20_000) -> list[Figure]:
    with Stand(shop.rules(100), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        decide(stand, 5_000, seed=30)
        ours = events / decide(stand, events, seed=31)
        by_arq, by_procrastinate = asyncio.run(_peers(stand, jobs))
    job = f"{jobs:,} jobs, each writes one row; queued, then run {AT_ONCE} at once by one worker"
    road = f"{events:,} events, batches of {BATCH}, 100 rules: POST to the last decision, one worker"
    return [
        Figure(what="events a second through Kogda", value=ours, unit="/s", detail=road),
        Figure(what="a plain arq job for each event", value=by_arq, unit="/s", detail=job),
        Figure(what="a procrastinate job for each event", value=by_procrastinate, unit="/s", detail=job),
        Figure(what="Kogda beside arq", value=ours / by_arq, unit="times"),
        Figure(what="Kogda beside procrastinate", value=ours / by_procrastinate, unit="times"),
        *(_matching() if ruleset is not None else ()),
    ]


async def _peers(stand: Stand, jobs: int) -> tuple[float, float]:
    async with asyncpg.create_pool(stand.database_url, max_size=10) as pool:
        await pool.execute("CREATE TABLE bench_done (id uuid PRIMARY KEY)")
        rates = (
            await _by_arq(stand.services.endpoints.redis_url, pool, jobs),
            await _by_procrastinate(stand, pool, jobs),
        )
        if await pool.fetchval("SELECT count(*) FROM bench_done") != 2 * jobs:
            raise RuntimeError("a peer has left jobs undone")
    return rates


async def _by_arq(redis_url: str, pool: Any, jobs: int) -> float:
    async def job(_: dict[str, Any], event: str) -> None:
        await pool.execute(_DONE, event)

    settings = RedisSettings.from_dsn(redis_url)
    began = time.perf_counter()
    redis = await create_pool(settings, default_queue_name="bench")
    for _ in range(jobs):
        await redis.enqueue_job("job", str(uuid4()))
    worker = Worker(
        functions=[func(cast("Any", job), name="job", keep_result=0)], redis_pool=redis, queue_name="bench", burst=True,
        max_jobs=AT_ONCE, poll_delay=0.01, handle_signals=False,
    )  # fmt: skip
    await worker.main()
    seconds = time.perf_counter() - began
    await worker.close()
    return jobs / seconds


async def _by_procrastinate(stand: Stand, pool: Any, jobs: int) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=stand.database_url))

    @app.task
    async def job(event: str) -> None:
        await pool.execute(_DONE, event)

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        began = time.perf_counter()
        for _ in range(jobs // BATCH):
            events: list[Any] = [{"event": str(uuid4())} for _ in range(BATCH)]
            await job.batch_defer_async(*events)
        await app.run_worker_async(wait=False, concurrency=AT_ONCE, install_signal_handlers=False)
        return jobs / (time.perf_counter() - began)


def _matching(rules: int = 100) -> list[Figure]:
    """durable_rules takes whole facts and fires what matches; ours answers what matches."""
    draw = random.Random(1)
    made, facts = conditions.make_conditions(draw, rules), conditions.make_facts(draw, 200)
    ours, theirs = conditions.our_matcher(conditions.program_of(made)), _by_durable_rules(made)
    for fact in facts[:3]:
        if sorted(theirs(fact)) != sorted(ours(fact)):
            raise RuntimeError("the engines disagree")
    rates = [rules * conditions.rate(matcher, facts, seconds=1.0) for matcher in (ours, theirs)]
    how = f"{rules} conditions over event and customer, one core; facts are asserted and retracted"
    return [
        Figure(what="rule evaluations/s, durable_rules", value=rates[1], unit="/s", detail=how),
        Figure(what="against durable_rules", value=rates[0] / rates[1], unit="times", detail=how),
    ]


def _by_durable_rules(made: list[conditions.Condition]) -> conditions.Matcher:
    matched: list[int] = []

    def note(number: int) -> Any:
        return lambda _: matched.append(number)

    with ruleset("bench"):
        for number, condition in enumerate(made):
            when_all(_expression(condition.ours))(note(number))

    def match(fact: dict[str, Any]) -> list[int]:
        flat = {f"{owner}_{name}": value for owner, values in fact.items() for name, value in values.items()}
        flat["id"] = uuid4().hex
        matched.clear()
        assert_fact("bench", flat)
        found = list(matched)
        retract_fact("bench", flat)
        return found

    return match


def _expression(node: Any) -> Any:
    match node:
        case plan.All(operands=operands):
            return reduce(and_, map(_expression, operands))
        case plan.Any(operands=operands):
            return reduce(or_, map(_expression, operands))
        case plan.OneOf(value=asked, options=options):
            return reduce(or_, (_field(asked) == option.value for option in options))
        case plan.Compare(left=left, comparison=comparison, right=plan.Constant(value=value)):
            return _SIGNS[comparison](_field(left), value)
    raise TypeError(node)


def _field(operand: Any) -> Any:
    owner = "event" if isinstance(operand, plan.Property) else "customer"
    return getattr(m, f"{owner}_{operand.name}")


#: durable_rules builds its expressions with `&` and `|`.
_SIGNS: dict[str, Any] = {"is": eq, "is not": ne, ">": gt, "<": lt, ">=": ge, "<=": le}
