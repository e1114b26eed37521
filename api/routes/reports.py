"""Figures of messages: what was sent, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from api.schemas.problem import problem_responses
from api.schemas.reports import MessageReportAnswer, answer_of
from api.server.admin import require_admin
from api.server.problems import Problem
from api.server.services import Served
from engine.clock import utc_now
from engine.flow.telling.report_messages import report_messages

#: What is reported when nothing is said, and at most.
DAYS, MOST_DAYS = 30, 400

router = APIRouter(
    prefix="/api/reports",
    tags=["reports"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 404, 405, 422, 503),
)


@router.get("/messages")
async def report_on_messages(
    services: Served,
    since: Annotated[AwareDatetime | None, Query(description="default: 30 days before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="exclusive; default: now")] = None,
) -> MessageReportAnswer:
    """Messages decided in this time, by rule, template and channel: sent, delivered, opened, clicked, bounced,
    complained, unsubscribed, converted, with revenue; and the lift of rules that keep customers out by lot."""
    end = until or utc_now()
    begin = since or end - timedelta(days=DAYS)
    if not begin < end or end - begin > timedelta(days=MOST_DAYS):
        raise Problem(422, "invalid_request", f"`since` must lie before `until`, at most {MOST_DAYS} days")
    async with services.runtime.reading.connection() as connection:
        return answer_of(await report_messages(connection, begin, end))
