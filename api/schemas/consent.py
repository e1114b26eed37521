"""What the management API answers about consent and suppressed addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

SuppressionKind = Literal["bounce", "complaint", "manual", "import"]


class ConsentLine(BaseModel):
    at: datetime
    what: str = Field(description="a channel or a topic, as in `consent` of the customer")
    given: bool | None = Field(description="null: nothing is said any more, or it was only asked")
    how: str = Field(description="`identify`, `one-click`, `unsubscribe link`, `double opt-in` …")
    message: UUID | None = Field(description="the mail with the link that was followed")
    detail: dict[str, str]


class ConsentHistory(BaseModel):
    consent: dict[str, bool] = Field(description="as it stands now")
    items: list[ConsentLine] = Field(description="newest first, at most 500")


class SuppressionEntry(BaseModel):
    id: int
    channel: str
    address: str
    kind: SuppressionKind
    reason: str
    at: datetime


class NewSuppression(BaseModel):
    reason: str = Field(default="by hand", max_length=200, description="shown with every message that is stopped")
