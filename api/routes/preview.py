"""The page /preview: published templates as one reader would get them, invented or real. A page for people."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from api.mailbox.rendering import MAIL_HEADERS, PAGE_HEADERS, page
from api.routes.mailbox import require_viewer
from api.server.parameters import Locale, SearchWords, TemplateName
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.clock import utc_now
from engine.errors import ConfigurationError, TemplateFailed
from engine.flow.checking.previewing import Ground, find_reader, preview_request
from engine.rendering.email import MailTemplates, RenderedMail
from engine.rendering.inspect import template_uses
from engine.rendering.sources import template_names
from engine.storage.rules.published import live_rule_set, load_rule_set

router = APIRouter(prefix="/preview", include_in_schema=False, dependencies=[Depends(require_viewer)])

CHANNEL = "email"
View = Literal["mail", "phone", "text"]


@router.get("")
async def show(
    services: Served, template: TemplateName = "", locale: Locale = "", customer: SearchWords = "", view: View = "mail"
) -> Response:
    ground = await _ground(services)
    names = [name for channel, name in template_names(ground.templates) if channel == CHANNEL]
    chosen = template or (names[0] if names else "")
    mail, refusal = None, None
    if chosen:
        try:
            mail = await _mail(services, ground, chosen, locale=locale, customer=customer.strip())
        except (ConfigurationError, TemplateFailed) as error:
            refusal = str(error)
    values: dict[str, Any] = {
        "shop": {"name": ground.settings.get("name") or ""},
        "names": names,
        "chosen": chosen,
        "locales": template_uses(CHANNEL, chosen, ground.templates).info.locales if chosen in names else (),
        "locale": locale,
        "customer": customer.strip(),
        "view": view,
        "mail": mail,
        "refusal": refusal,
    }
    return HTMLResponse(page("preview.html", **values), headers=PAGE_HEADERS)


@router.get("/body")
async def body(services: Served, template: TemplateName, locale: Locale = "", customer: SearchWords = "") -> Response:
    """The HTML of the mail, for the frame. The headers make a browser treat it as foreign."""
    ground = await _ground(services)
    try:
        mail = await _mail(services, ground, template, locale=locale, customer=customer.strip())
    except (ConfigurationError, TemplateFailed) as error:
        raise Problem(404, "no_preview", str(error)) from error
    return HTMLResponse(f'<!doctype html><base target="_blank">{mail.html or ""}', headers=MAIL_HEADERS)


async def _ground(services: Services) -> Ground:
    """What is live; nothing, as long as nothing was published."""
    async with services.runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        if live is None:
            return Ground(templates={})
        stored = await load_rule_set(connection, live)
    return Ground(
        templates=stored.templates,
        settings=stored.settings,
        timezone=stored.plan.get("timezone", "UTC"),
        currency=stored.plan.get("currency"),
    )


async def _mail(services: Services, ground: Ground, template: str, *, locale: str, customer: str) -> RenderedMail:
    reader = None
    if customer:
        async with services.runtime.database.connection() as connection:
            partitions = services.runtime.partitions
            reader = await find_reader(connection, ground, CHANNEL, template, key=customer, partitions=partitions)
        if reader is None:
            raise ConfigurationError(f"there is no customer {customer}")
    request = preview_request(ground, CHANNEL, template, now=utc_now(), locale=locale or None, reader=reader)
    return MailTemplates(ground.templates, CHANNEL).mail(request)
