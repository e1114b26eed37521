"""What Telegram tells the bot. Answered with 200 once it is stored: else Telegram says it again."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.schemas.problem import problem_responses
from api.server.admin import require_admin
from api.server.parameters import Customer
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.callbacks import Refused, Unreadable
from engine.callbacks.telegram import HEADER, Pressed, read_update, verify
from engine.clock import utc_now
from engine.flow.answers.telegram_updates import take_update
from engine.links.chat_links import chat_link
from engine.storage.reports.listings import customer_by_key
from engine.storage.rules.published import live_rule_set

router = APIRouter()


_LARGEST = 256 * 1024


@router.post("/callbacks/telegram", include_in_schema=False)
async def take(request: Request, services: Served) -> JSONResponse:
    settings = await _settings(services)
    variable = settings.get("secret_env")
    secret = services.runtime.secrets.get(variable, "").strip() if variable else ""
    if not secret:
        raise Problem(404, "no_bot", "kogda.yaml names no secret_env of channels.telegram that is set on this server")
    try:
        verify(request.headers.get(HEADER), secret)
        update = read_update(await _body(request), utc_now())
    except Refused as error:
        raise Problem(error.status, "not_telegram", str(error)) from error
    except Unreadable as error:
        raise Problem(400, "unreadable", str(error)) from error
    if update is not None:
        await take_update(services.runtime, update)
    if isinstance(update, Pressed):
        return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": update.query})
    return JSONResponse({})


@router.get(
    "/api/telegram-link",
    tags=["management"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 404, 405, 422, 503),
)
async def link(customer: Customer, services: Served) -> dict[str, str]:
    """The link by which a customer opens the bot and is known from then on. It works for 30 days."""
    bot = (await _settings(services)).get("bot")
    if not bot:
        raise Problem(404, "no_bot", "kogda.yaml says no bot under channels.telegram")
    async with services.runtime.database.connection() as connection:
        row = await customer_by_key(connection, customer, partitions=services.runtime.partitions)
    if row is None:
        raise Problem(404, "unknown_customer", f"there is no customer {customer}")
    today: date = utc_now().date()
    return {"url": chat_link(services.runtime.link_key, bot, row["id"], today=today)}


async def _settings(services: Services) -> dict[str, Any]:
    """Of the channel, in the live rule set."""
    runtime = services.runtime
    async with runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        settings = (await runtime.texts.of(connection, live)).settings if live is not None else {}
    return (settings.get("channels") or {}).get("telegram") or {}


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise Problem(413, "too_large", f"an update has at most {_LARGEST // 1024} KiB")
    return body
