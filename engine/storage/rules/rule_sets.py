"""Immutable rule sets, known by the hash of their content, and which of them is live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Text, func
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col, select


class RuleSetRow(SQLModel, table=True):
    __tablename__ = "rule_set"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True))
    hash: str = Field(sa_column=Column(Text, unique=True, nullable=False))
    plan: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    templates: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    standing: str = Field(default="", sa_column=Column(Text, nullable=False))
    created_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), server_default=func.now(), nullable=False)
    )


class PublicationRow(SQLModel, table=True):
    __tablename__ = "publication"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True))
    rule_set: int = Field(sa_column=Column(BigInteger, nullable=False))
    published_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), server_default=func.now(), nullable=False)
    )
    published_by: str = Field(default="", sa_column=Column(Text, nullable=False))


async def newest_publication(session: AsyncSession) -> tuple[PublicationRow, RuleSetRow] | None:
    query = select(PublicationRow, RuleSetRow).join(RuleSetRow, col(RuleSetRow.id) == col(PublicationRow.rule_set))
    row = (await session.execute(query.order_by(col(PublicationRow.id).desc()).limit(1))).first()
    return (row[0], row[1]) if row else None


async def store_rule_set(session: AsyncSession, content: RuleSetRow) -> int:
    """The id of the rule set with this content, stored now or long ago."""
    values = content.model_dump(include={"hash", "plan", "templates", "settings", "standing"})
    await session.execute(insert(RuleSetRow).values(values).on_conflict_do_nothing(index_elements=["hash"]))
    found = await session.execute(select(RuleSetRow.id).where(RuleSetRow.hash == content.hash))
    return int(found.scalar_one() or 0)
