"""What the management API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.reasons import WithEnd, WithReason

T = TypeVar("T")

RunState = Literal["waiting", "sending", "ended"]
MessageState = Literal["queued", "sending", "sent", "suppressed", "failed", "unknown", "postponed"]


class Page(BaseModel, Generic[T]):
    """Newest first."""

    items: list[T]
    next: str | None = Field(
        description="give it as `after` to get the page that follows, which a short page may have; null on the last one"
    )


class SegmentMember(BaseModel):
    key: str
    email: str | None
    phone: str | None


class SegmentEntry(BaseModel):
    name: str
    size: int
    filled: float = Field(description="how much of all customers was looked at since it was published, 0 to 1")
    file: str
    line: int
    rules: list[str] = Field(description="that are started by it or ask about it")
    sample: list[SegmentMember] = Field(description="at most ten, with personal data shortened")


class RejectedEvent(BaseModel):
    id: int
    received_at: datetime
    source: str
    reason: str
    path: str = Field(description="of the field at fault, `$.properties.total`")
    body: str = Field(description="as received, cut at the event limit")


class WriteKeyEntry(BaseModel):
    id: str
    name: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None


class CustomerEntry(BaseModel):
    id: UUID
    key: str = Field(description="`u:` and the userId, or `a:` and the anonymousId")
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    attributes: dict[str, Any]
    tags: list[str]
    points: int
    consent: dict[str, bool]
    merged_into: UUID | None
    first_seen: datetime


class RunEntry(WithEnd):
    id: UUID
    customer: UUID
    rule: str
    rule_set: int
    state: RunState
    wake_at: datetime | None
    began_at: datetime
    ended_at: datetime | None


class MessageEntry(WithReason):
    id: UUID
    customer: UUID
    run: UUID
    rule: str
    rule_set: int
    channel: str
    template: str
    state: MessageState
    transactional: bool
    due_at: datetime
    attempts: int
    maybe_duplicate: bool
    address: str | None
    created_at: datetime
    settled_at: datetime | None
