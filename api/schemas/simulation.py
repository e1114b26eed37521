"""A few events through the rules of a text, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.language import Question
from api.schemas.reasons import WithReason


class GivenEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime
    event: str | None = Field(default=None, max_length=200, description="null: the customer becomes known better")
    customer: str = Field(default="customer", min_length=1, max_length=200)
    values: dict[str, Any] = Field(default={}, description="properties of the event, or traits of the customer")


class SimulateQuestion(Question):
    events: list[GivenEvent] = Field(min_length=1, max_length=1000)


class SentMessageTold(WithReason):
    at: datetime
    customer: str
    channel: str
    template: str
    rule: str
    state: str


class EndedRun(WithReason):
    at: datetime
    customer: str
    rule: str


class SimulatedText(BaseModel):
    messages: list[SentMessageTold] = Field(description="in order; also those that were not sent, with the reason")
    ended: list[EndedRun] = Field(description="runs that ended early")
    diagnostics: list[dict[str, Any]] = []
