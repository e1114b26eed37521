"""What the management API answers when a person wants to be forgotten."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ErasedCustomer(BaseModel):
    customers: int = Field(description="with those that were merged into it")
    rows: dict[str, int] = Field(description="by table: removed, or kept for figures without saying whose they are")
