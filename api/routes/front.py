"""The bare address leads to what a person looks for here."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse

router = APIRouter()


@router.get("/", include_in_schema=False)
async def front() -> RedirectResponse:
    return RedirectResponse("/mailbox", status_code=307)
