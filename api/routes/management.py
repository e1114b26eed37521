"""The management API under /api: what came in, what was refused, what is being done. Read only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.schemas.explanation import ExplainedCustomer, ExplainedRules, explained, explained_rules
from api.schemas.management import (
    CustomerEntry,
    MessageEntry,
    MessageState,
    Page,
    RejectedEvent,
    RunEntry,
    SegmentEntry,
    WriteKeyEntry,
)
from api.schemas.problem import problem_responses
from api.server.admin import require_admin
from api.server.paging import After, Limit, number_of, place_of, token_of
from api.server.parameters import Customer, CustomerIfAny, CustomerInPath
from api.server.problems import Problem
from api.server.services import Served
from dsl.codec import from_json
from dsl.messages import Language
from dsl.plan import Plan
from engine.core.conditions.program import Program
from engine.flow.checking.observe_customers import observe_customers
from engine.flow.checking.observed import observed_as_json
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.telling.explain_customer import explain_customer
from engine.flow.telling.explain_rules import explain_rules
from engine.flow.telling.segment_sizes import report_segments
from engine.runtime import Programs
from engine.storage.database import Connection
from engine.storage.events.rejects import newest_rejects
from engine.storage.reports.listings import (
    customer_by_key,
    messages_of_customer,
    newest_messages,
    newest_sent,
    runs_of_customer,
)
from engine.storage.rules.published import live_rule_set, load_rule_set
from engine.storage.runs.bulk import people_in
from engine.storage.write_keys import all_write_keys

router = APIRouter(
    prefix="/api",
    tags=["management"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 404, 405, 422, 503),
)

Moment = Annotated[datetime | None, Query(description="as it stood then; with an offset")]


@router.get("/rejects")
async def list_rejects(services: Served, after: After = None, limit: Limit = 50) -> Page[RejectedEvent]:
    """Events that were refused, each with the reason and the field at fault."""
    async with services.runtime.reading.connection() as connection:
        rows = await newest_rejects(connection, before=number_of(after), limit=limit)
    items = [RejectedEvent(**row._asdict()) for row in rows]
    return Page(items=items, next=str(rows[-1].id) if len(rows) == limit else None)


@router.get("/rule-set")
async def get_rule_set(services: Served) -> dict[str, Any]:
    """The live rule set: its hash, its plan, and how many runs of each rule are under way. `kogda plan` reads it."""
    async with services.runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        if live is None:
            raise Problem(404, "nothing_published", "no rule set is published yet")
        stored = await load_rule_set(connection, live)
        people = await people_in(connection, [rule["name"] for rule in stored.plan.get("rules", [])])
    return {"rule_set": live, "hash": stored.hash, "plan": stored.plan, "people": people}


@router.get("/segments")
async def list_segments(services: Served) -> Page[SegmentEntry]:
    """The segments of the live rules: how many customers are in each, and who, for example."""
    async with services.runtime.reading.connection() as connection:
        live = await live_rule_set(connection)
        if live is None:
            raise Problem(404, "nothing_published", "no rule set is published yet")
        found = await report_segments(connection, await load_rule_set(connection, live))
    return Page(items=[SegmentEntry.model_validate(each, from_attributes=True) for each in found], next=None)


@router.get("/write-keys")
async def list_write_keys(services: Served) -> Page[WriteKeyEntry]:
    """All write keys, the revoked ones too, without their secrets."""
    async with services.runtime.database.connection() as connection:
        keys = await all_write_keys(connection)
    return Page(items=[WriteKeyEntry.model_validate(key, from_attributes=True) for key in keys], next=None)


@router.get("/customers/{key}")
async def get_customer(services: Served, key: CustomerInPath) -> CustomerEntry:
    """What is known about one customer."""
    async with services.runtime.reading.connection() as connection:
        row = await customer_by_key(connection, key, partitions=services.runtime.partitions)
    if row is None:
        raise Problem(404, "unknown_customer", f"there is no customer `{key}`")
    return CustomerEntry(**row)


@router.get("/runs")
async def list_runs(services: Served, customer: Customer, after: After = None, limit: Limit = 50) -> Page[RunEntry]:
    """A customer's passes through rules, by when they began."""
    async with services.runtime.reading.connection() as connection:
        rows = await runs_of_customer(
            connection, customer, partitions=services.runtime.partitions, before=place_of(after), limit=limit
        )
    return Page(items=[RunEntry(**row) for row in rows], next=_next(rows, "began_at", limit))


@router.get("/messages")
async def list_messages(
    services: Served,
    customer: CustomerIfAny = None,
    state: MessageState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[MessageEntry]:
    """Messages to one customer or to all, by when they were decided, with why some were not sent."""
    before, partitions = place_of(after), services.runtime.partitions
    async with services.runtime.reading.connection() as connection:
        if customer is None and state == "sent":
            rows, looked_to = await newest_sent(connection, before=before, limit=limit)
            return Page(items=[MessageEntry(**row) for row in rows], next=looked_to and token_of(*looked_to))
        if customer is None:
            rows = await newest_messages(connection, state=state, before=before, limit=limit)
        else:
            rows = await messages_of_customer(
                connection, customer, partitions=partitions, state=state, before=before, limit=limit
            )
    return Page(items=[MessageEntry(**row) for row in rows], next=_next(rows, "created_at", limit))


@router.get("/explain")
async def explain(
    services: Served,
    customer: Customer,
    rule: Annotated[str, Query(max_length=200)],
    at: Moment = None,
    language: Annotated[Language, Query()] = "en",
) -> ExplainedCustomer:
    """What a rule did for a customer, and why not: each condition with its answer and the values it saw."""
    _require_offset(at)
    runtime = services.runtime
    async with runtime.database.connection() as connection:
        program = await _live_program(connection)
        if rule not in program.by_name:
            raise Problem(404, "unknown_rule", f"there is no rule `{rule}`")
        try:
            found = await explain_customer(
                connection, program, customer, rule=rule, at=at, partitions=runtime.partitions
            )
        except NobodyThere:
            raise Problem(404, "unknown_customer", f"there is no customer `{customer}`") from None
    return explained(found, language)


@router.get("/explain/rules")
async def explain_all(
    services: Served, customer: Customer, at: Moment = None, language: Annotated[Language, Query()] = "en"
) -> ExplainedRules:
    """How all rules stand for a customer: where the newest run of each is, or what speaks against one."""
    _require_offset(at)
    runtime = services.runtime
    async with runtime.database.connection() as connection:
        program = await _live_program(connection)
        try:
            found = await explain_rules(connection, program, customer, at=at, partitions=runtime.partitions)
        except NobodyThere:
            raise Problem(404, "unknown_customer", f"there is no customer `{customer}`") from None
    return explained_rules(found, language)


def _require_offset(at: datetime | None) -> None:
    if at is not None and at.tzinfo is None:
        raise Problem(422, "invalid_request", "`at` needs an offset, such as Z or +03:00")


async def _live_program(connection: Connection) -> Program:
    live = await live_rule_set(connection)
    if live is None:
        raise Problem(404, "nothing_published", "no rule set is published yet")
    return (await Programs().load(connection, live)).program


@router.get("/observed")
async def get_observed(services: Served) -> dict[str, Any]:
    """What customers did in the last 30 days, in numbers: for `kogda check --against`."""
    async with services.runtime.reading.connection() as connection:
        live = await live_rule_set(connection)
        plan = from_json((await load_rule_set(connection, live)).plan) if live is not None else Plan()
        return observed_as_json(await observe_customers(connection, plan))


def _next(rows: list[dict[str, Any]], field: str, limit: int) -> str | None:
    return token_of(rows[-1][field], rows[-1]["id"]) if len(rows) == limit else None
