"""The mailbox: mails of a server without an SMTP provider. Pages for people, not for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from api.mailbox.content import read_mail
from api.mailbox.rendering import MAIL_HEADERS, PAGE_HEADERS, PAGES, page
from api.mailbox.words import day_and_time, full_time, sentence, zone_of
from api.server.admin import require_admin
from api.server.parameters import SearchWords
from api.server.problems import Problem
from api.server.services import Served
from engine.clock import utc_now
from engine.storage.database import Connection
from engine.storage.delivery.mailbox import KeptMail, RunNote, kept_mail, kept_mails, shop_facts, triggers_of

PAGE_SIZE = 50
VIEWS = ("mail", "text", "links", "headers", "why")


async def require_viewer(request: Request, services: Served) -> None:
    """As for the management API; a browser is asked for the key as a user name."""
    try:
        await require_admin(request, services)
    except Problem as problem:
        if problem.status == 401:
            problem.headers = {"www-authenticate": 'Basic realm="Kogda: the admin key as user name"'}
        raise


router = APIRouter(prefix="/mailbox", include_in_schema=False, dependencies=[Depends(require_viewer)])

MailId = Annotated[int, Path(ge=1, le=2**62)]
Before = Annotated[int | None, Query(ge=1, le=2**62)]


@router.get("")
async def show_list(services: Served, before: Before = None, q: SearchWords = "") -> Response:
    return await _shown(services, None, view="mail", before=before, search=q)


@router.get("/style.css")
async def style() -> Response:
    return FileResponse(PAGES / "style.css", media_type="text/css", headers={"cache-control": "no-cache"})


@router.get("/page.js")
async def script() -> Response:
    return FileResponse(PAGES / "page.js", media_type="text/javascript", headers={"cache-control": "no-cache"})


@router.get("/newer")
async def newer(services: Served, than: Annotated[int, Query(ge=0, le=2**62)], q: SearchWords = "") -> Response:
    """The rows of mails that came after `than`, newest first; empty most of the time."""
    async with services.runtime.reading.connection() as connection:
        mails = await kept_mails(connection, after=than, search=q.strip(), limit=PAGE_SIZE)
        if not mails:
            return Response(status_code=204, headers=PAGE_HEADERS)
        rows, _ = await _rows(connection, mails)
    return HTMLResponse(
        page("rows.html", rows=rows, selected=None, place=_place(None, q.strip()), is_new=True), headers=PAGE_HEADERS
    )


@router.get("/{mail}")
async def show_mail(
    services: Served, mail: MailId, view: str = "mail", before: Before = None, q: SearchWords = ""
) -> Response:
    if view not in VIEWS:
        view = "mail"
    return await _shown(services, mail, view=view, before=before, search=q)


@router.get("/{mail}/body")
async def body(services: Served, mail: MailId) -> Response:
    """The HTML of the mail, for the frame. The headers make a browser treat it as foreign."""
    _, raw, _ = await _found(services, mail)
    html = read_mail(raw).html or ""
    return HTMLResponse(f'<!doctype html><base target="_blank">{html}', headers=MAIL_HEADERS)


@router.get("/{mail}/raw")
async def source(services: Served, mail: MailId) -> Response:
    """As it would have gone to the mail server."""
    _, raw, _ = await _found(services, mail)
    headers = {**MAIL_HEADERS, "content-disposition": f'attachment; filename="mail-{mail}.eml"'}
    return Response(raw, media_type="message/rfc822", headers=headers)


async def _found(services: Served, mail: int) -> tuple[KeptMail, bytes, list[RunNote]]:
    async with services.runtime.reading.connection() as connection:
        found = await kept_mail(connection, mail)
    if found is None:
        raise Problem(404, "unknown_mail", f"there is no mail {mail}")
    return found


async def _shown(services: Served, mail: int | None, *, view: str, before: int | None, search: str) -> Response:
    search = search.strip()
    async with services.runtime.reading.connection() as connection:
        mails = await kept_mails(connection, before=before, search=search, limit=PAGE_SIZE + 1)
        rows, shop = await _rows(connection, mails[:PAGE_SIZE])
        opened = mail or (mails[0].id if mails else None)
        found = await kept_mail(connection, opened) if opened else None
    if mail is not None and found is None:
        raise Problem(404, "unknown_mail", f"there is no mail {mail}")
    values = {
        "shop": shop,
        "rows": rows,
        "selected": opened,
        "is_list": mail is None,
        "newest": mails[0].id if mails and before is None else None,
        "older": mails[PAGE_SIZE - 1].id if len(mails) > PAGE_SIZE else None,
        "before": before,
        "search": search,
        "place": _place(before, search),
        "view": view,
        "mail": _detail(found, zone_of(shop["timezone"])) if found else None,
        "sends_for_real": services.runtime.settings.smtp_url is not None,
        "is_new": False,
    }
    return HTMLResponse(page("mailbox.html", **values), headers=PAGE_HEADERS)


def _place(before: int | None, search: str) -> str:
    """The query that brings a reader back to where the list was."""
    query = {"before": before, "q": search}
    given = urlencode({name: value for name, value in query.items() if value})
    return f"?{given}" if given else ""


async def _rows(connection: Connection, mails: list[KeptMail]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    shop = await shop_facts(connection)
    zone, now = zone_of(shop["timezone"]), utc_now()
    triggers = await triggers_of(connection, [mail.id for mail in mails])
    return [_row(mail, triggers.get(mail.id), zone, now) for mail in mails], shop


def _row(mail: KeptMail, trigger: str | None, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    return {
        "id": mail.id,
        "subject": mail.subject or "(no subject)",
        "recipient": mail.recipient,
        "channel": mail.channel if mail.channel != "email" else None,
        "rule": mail.rule,
        "trigger": trigger,
        "time": day_and_time(mail.at, zone, now),
        "iso": mail.at.isoformat(),
        "full_time": full_time(mail.at, zone),
    }


def _detail(found: tuple[KeptMail, bytes, list[RunNote]], zone: ZoneInfo) -> dict[str, Any]:
    mail, raw, notes = found
    content = read_mail(raw)
    return {
        "id": mail.id,
        "subject": mail.subject or "(no subject)",
        "recipient": mail.recipient,
        "sender": content.header("From"),
        "channel": mail.channel if mail.channel != "email" else None,
        "rule": mail.rule,
        "template": mail.template,
        "iso": mail.at.isoformat(),
        "full_time": full_time(mail.at, zone),
        "content": content,
        "size": f"{content.size / 1024:.1f} KB",
        "notes": [
            {
                "time": full_time(note.at, zone),
                "iso": note.at.isoformat(),
                "said": sentence(note, zone, is_last=note is notes[-1]),
                "line": note.line,
            }
            for note in notes
        ],
    }
