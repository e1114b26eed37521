"""Leaving, choosing, confirming: a GET shows a button and changes nothing, since programs follow links as well."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response

from api.public.forms import one, posted
from api.public.rendering import page
from api.public.words import CHANNELS, WAYS, WORDS, Language, language_of, masked
from api.server.services import Served, services_of
from engine.core.delivery.consent import How
from engine.core.identity import partition_of
from engine.flow.customers.change_consent import Choice, Chosen, change_consent
from engine.flow.customers.consent_offers import Offer, Person, find_person, live_settings
from engine.links.customer_links import SEPARATOR, CustomerLink, Purpose, open_link, sign_link
from engine.links.tokens import open_token, sign
from engine.storage.customers.consent import sent_to
from engine.storage.database import TROUBLE

#: How long a link that gives consent may be pressed after it was made.
CONFIRMABLE = timedelta(days=30)
_UNDO = "undo"

_log = structlog.get_logger()


class _Visit:
    """One request: whose link it is, and how to answer."""

    def __init__(self, request: Request, link: CustomerLink, person: Person) -> None:
        self.request, self.link, self.person = request, link, person
        self.services = services_of(request)
        self.runtime = self.services.runtime
        self.language: Language = _language(request, person.chooser.locale, person.settings)
        self.words = WORDS[self.language]
        chooser = person.chooser
        self.address = masked(chooser.email if link.channel == "email" else chooser.phone or chooser.email)

    @property
    def topic(self) -> str | None:
        return self.link.what

    def title_of(self, what: str) -> str:
        if what in (self.person.settings.get("topics") or {}):
            return self.person.topic_title(what, self.language)
        return CHANNELS[self.language].get(what, what)

    def said(self, word: str, **values: str) -> str:
        return self.words[word].format(address=self.address, **values)

    def said_of_all(self, word: str, together: Sequence[str]) -> str:
        """Of topics by their titles, of a channel as a person would say it."""
        known = self.person.settings.get("topics") or {}
        ways = [way for what in together if what not in known and (way := WAYS[self.language].get(what))]
        titles = [self.words["quoted"].format(topic=self.title_of(what)) for what in together if what in known]
        topics = self.words["and"].join(titles)
        if not ways:
            return self.said(word, topics=topics or self.title_of(together[0]))
        return self.said(f"{word}_{'both' if topics else 'channel'}", way=ways[0], topics=topics)

    def page(self, name: str, title: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return page(
            name,
            language=self.language,
            settings=self.person.settings,
            status=status,
            title=self.words[title],
            here=self.request.url.path,
            choose=f"/p/{sign_link(self.runtime.link_key, 'preferences', self.link)}",
            **values,
        )

    async def choose(self, words: Mapping[str, bool | None], how: How, **more: Any) -> Chosen:
        choice = Choice(customer=self.person.chooser.id, words=words, how=how, message=self.link.message, **more)
        return await change_consent(self.runtime, choice)

    async def again(self) -> _Visit:
        """As it is after a choice."""
        person = await find_person(self.runtime, self.person.chooser.id)
        return _Visit(self.request, self.link, person or self.person)


class _Ends(Exception):
    """The page that ends a request early: there is nothing to show or to do."""

    def __init__(self, page: HTMLResponse) -> None:
        super().__init__(page)
        self.page = page


class _PageRoute(APIRoute):
    """People get a page, whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except _Ends as end:
                return end.page
            except TROUBLE as error:
                _log.warning("database_trouble", path=request.url.path[:3], error=type(error).__name__)
                response = _plain(request, "later", {}, status=503)
                response.headers["retry-after"] = "5"
                return response

        return answer


router = APIRouter(include_in_schema=False, route_class=_PageRoute)
_LOOK = ["GET", "HEAD"]


@router.api_route("/u/{token}", methods=_LOOK)
async def ask_to_leave(request: Request, services: Served, token: str) -> Response:
    visit = await _visit(request, "unsubscribe", token)
    topic = visit.topic
    question = visit.said("leave_topic", topic=visit.title_of(topic)) if topic else visit.said("leave_all")
    return visit.page("leave", "leave_title", question=question, topic=topic)


@router.post("/u/{token}")
async def leave(request: Request, services: Served, token: str) -> Response:
    """Of a form, or of a mail program's own button (RFC 8058): no cookie, no redirect, in effect before a 200."""
    visit = await _visit(request, "unsubscribe", token)
    fields = await posted(request)
    if "undo" in fields:
        return await _undo(visit, one(fields, "undo"))
    whole = one(fields, "scope") == "all" or visit.topic is None
    what = visit.link.channel if whole or visit.topic is None else visit.topic
    chosen = await visit.choose({what: False}, "unsubscribe link" if "scope" in fields else "one-click")
    said = visit.said("left_all") if whole else visit.said("left_topic", topic=visit.title_of(what))
    before = chosen.before.get(what)
    undo = sign(
        visit.runtime.link_key,
        _UNDO,
        (chosen.customer, visit.link.message, what, None if before is None else int(before), chosen.at),
    )
    return visit.page(
        "left", "left_title", status=_status(chosen), said=said, is_late=not chosen.is_in_effect, undo=undo
    )


@router.api_route("/p/{token}", methods=_LOOK)
async def offer(request: Request, services: Served, token: str) -> Response:
    visit = await _visit(request, "preferences", token)
    return _offers(visit, "choose_title")


@router.post("/p/{token}")
async def save(request: Request, services: Served, token: str) -> Response:
    visit = await _visit(request, "preferences", token)
    fields = await posted(request)
    offers = (*visit.person.channels, *visit.person.topics)
    words = _wanted(fields, offers)
    if not words:
        return _offers(visit, "saved_title", said=visit.said("saved"))
    chosen = await visit.choose(words, "preferences page")
    again, is_late = await visit.again(), not chosen.is_in_effect
    return _offers(again, "saved_title", said=visit.said("saved"), status=_status(chosen), is_late=is_late)


@router.api_route("/c/{token}", methods=_LOOK)
async def ask_to_confirm(request: Request, services: Served, token: str) -> Response:
    visit = await _visit(request, "confirm", token)
    together, _ = await _confirmable(visit)
    return visit.page("confirm", "confirm_title", question=visit.said_of_all("confirm", together))


@router.post("/c/{token}")
async def confirm(request: Request, services: Served, token: str) -> Response:
    visit = await _visit(request, "confirm", token)
    together, address = await _confirmable(visit)
    await visit.choose(dict.fromkeys(together, True), "double opt-in", detail={"address": address})
    return visit.page("said", "confirmed_title", said=visit.said_of_all("confirmed", together))


async def _confirmable(visit: _Visit) -> tuple[list[str], str]:
    """What is confirmed and of which address. The link must be young enough, and have been sent to the address that
    the customer has now."""
    link, chooser = visit.link, visit.person.chooser
    if link.at is None or chooser.now - link.at > CONFIRMABLE:
        raise _Ends(visit.page("said", "expired_title", status=410, said=visit.said("expired")))
    async with visit.runtime.database.connection() as connection:
        places = [partition_of(link.customer, visit.runtime.partitions), chooser.partition]
        address = await sent_to(connection, places, link.message)
    now = (chooser.email if link.channel == "email" else chooser.phone) or ""
    if address is None or address.lower() != now.lower():
        raise _Ends(visit.page("said", "moved_title", status=410, said=visit.said("moved")))
    return (link.what or link.channel).split(SEPARATOR), address


async def _undo(visit: _Visit, token: str) -> Response:
    match open_token(visit.runtime.link_key, _UNDO, token):
        case (UUID() as customer, UUID() as message, str() as what, (int() | None) as before, str() as at) if (
            message == visit.link.message and customer == visit.person.chooser.id
        ):
            was = None if before is None else bool(before)
            chosen = await visit.choose({what: was}, "taken back", since=at)
            if chosen.after.get(what) is was:
                return _offers(await visit.again(), "undone_title", said=visit.said("undone"))
    return _offers(await visit.again(), "choose_title", said=visit.said("undo_too_late"))


def _wanted(fields: Mapping[str, list[str]], offers: tuple[Offer, ...]) -> dict[str, bool]:
    """What was changed on the page. What the page did not show is left as it is."""
    if fields.get("scope") == ["none"]:
        return {each.what: False for each in offers}
    ticked = set(fields.get("on", ()))
    shown = dict(pair.rpartition("=")[::2] for pair in fields.get("shown", ()))
    return {
        each.what: each.what in ticked
        for each in offers
        if each.what in shown and (each.what in ticked) is not (shown[each.what] == "on")
    }


def _offers(visit: _Visit, title: str, *, said: str = "", is_late: bool = False, status: int = 200) -> Response:
    groups = [
        (
            visit.words[legend],
            [{"what": each.what, "is_on": each.is_on, "title": visit.title_of(each.what)} for each in offers],
        )
        for legend, offers in (("choose_ways", visit.person.channels), ("choose_topics", visit.person.topics))
        if offers
    ]
    values = {"said": said, "is_late": is_late, "groups": groups, "whose": visit.said("choose_for")}
    return visit.page("choose", title, status=status, **values)


def _status(chosen: Chosen) -> int:
    """202: written down, and something is still under way."""
    return 200 if chosen.is_in_effect else 202


async def _visit(request: Request, purpose: Purpose, token: str) -> _Visit:
    runtime = services_of(request).runtime
    link = open_link(runtime.link_key, purpose, token)
    person = await find_person(runtime, link.customer) if link is not None else None
    if link is None or person is None:
        raise _Ends(_plain(request, "unknown", await live_settings(runtime), status=404))
    return _Visit(request, link, person)


def _plain(request: Request, word: str, settings: Mapping[str, Any], *, status: int) -> HTMLResponse:
    language = _language(request, None, settings)
    words = WORDS[language]
    return page(
        "said", language=language, settings=settings, status=status, title=words[f"{word}_title"], said=words[word],
        choose=None,
    )  # fmt: skip


def _language(request: Request, locale: str | None, settings: Mapping[str, Any]) -> Language:
    """The customer's, as the shop knows it; else the browser's; else the shop's."""
    return language_of(locale, request.headers.get("accept-language"), settings.get("locale"))
