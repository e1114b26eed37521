"""The shape of every error answer (RFC 9457), for the OpenAPI description. api/server/problems.py writes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.server.problems import MEDIA_TYPE


class FieldError(BaseModel):
    index: int | None = Field(default=None, description="place in the batch")
    path: str
    reason: str


class ProblemBody(BaseModel):
    type: str
    title: str
    status: int
    detail: str = Field(description="for people: what is wrong and what to do")
    code: str = Field(description="for programs: never changes")
    message: str = Field(description="the detail again, where Segment's clients look for it")
    errors: list[FieldError] = []


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {status: {"description": "a problem", "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}
