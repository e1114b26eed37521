"""Pages by the place of their last row, so that rows which come in meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.server.problems import Problem
from engine.storage.reports.listings import Place

Limit = Annotated[int, Query(ge=1, le=200, description="rows on a page")]
After = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def token_of(at: datetime, row_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode()


def place_of(token: str | None) -> Place | None:
    """Raises Problem 422 for what no page ended with."""
    if token is None:
        return None
    try:
        at, _, row_id = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").partition("|")
        place = Place(datetime.fromisoformat(at), UUID(row_id))
    except (binascii.Error, ValueError):
        raise bad_token() from None
    if place.at.tzinfo is None:
        raise bad_token()
    return place


def number_of(token: str | None) -> int | None:
    """As `place_of`, for tables that are numbered."""
    if token is None:
        return None
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise bad_token()
    return int(token)


def bad_token() -> Problem:
    errors = [{"path": "$.query.after", "reason": "is not the `next` of a page"}]
    return Problem(422, "invalid_request", "`after` must be the `next` of the page before", errors=errors)
