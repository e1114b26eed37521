"""A mail once more, for a browser: from what is kept of it and the texts of the day on which it went out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from engine.config import Settings, public_url
from engine.errors import TemplateFailed
from engine.flow.answers.reacting import ReactionRuntime
from engine.flow.delivery.message_links import Linked, links_for
from engine.flow.delivery.tracking_mails import tracking_of
from engine.links.customer_links import CustomerLink, Sender
from engine.rendering.brand import brand_of
from engine.rendering.email import MailRequest, RenderedMail
from engine.storage.delivery.sent_content import SentContent, sent_content
from engine.texts import PublishedTexts
from engine.tracking.tokens import Place
from engine.tracking.writing import Mark, tracked

_SENT = frozenset({"sent", "unknown", "sending"})


class ViewRuntime(ReactionRuntime, Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def link_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """`html` or, of a plain mail, `text`."""

    subject: str
    html: str | None
    text: str


async def view_message(runtime: ViewRuntime, place: Place) -> Viewed | Literal["unsent", "changed"]:
    """`unsent`: no such mail went out. `changed`: its template is gone, or cannot be filled in any more."""
    async with runtime.database.connection() as connection:
        found = await sent_content(connection, *place, partitions=runtime.partitions)
        if found is None or found.channel != "email" or found.state not in _SENT:
            return "unsent"
        texts = None
        for rule_set in dict.fromkeys((found.published or found.rule_set, found.rule_set)):
            texts = await runtime.texts.of(connection, rule_set)
            if texts.mails.has(found.template):
                break
    if texts is None or not texts.mails.has(found.template):
        return "changed"
    try:
        rendered = await asyncio.to_thread(texts.mails.mail, _request(found, texts, runtime))
    except TemplateFailed:
        return "changed"
    html, text = _tracked(rendered, found, texts, runtime)
    return Viewed(subject=rendered.subject, html=html, text=text)


def _request(found: SentContent, texts: PublishedTexts, runtime: ViewRuntime) -> MailRequest:
    known: dict[str, Any] = {name: getattr(found, name) for name in ("email", "phone", "timezone", "locale")}
    customer = {
        **found.attributes,
        "id": found.key.partition(":")[2],
        "tags": found.tags,
        "points": found.points,
        **{name: value for name, value in known.items() if value is not None},
    }
    return MailRequest(
        template=found.template,
        event=found.context.get("event") or {},
        customer=customer,
        variables={
            **(found.context.get("with") or {}),
            "promo": found.context.get("promo") or {},
            **_links(found, texts, runtime),
        },
        workspace=brand_of(texts.settings),
        locale=found.locale,
        default_locale=texts.settings.get("locale") or "en",
        timezone=found.timezone or texts.timezone,
        currency=texts.currency,
        now=found.settled_at,
    )


def _links(found: SentContent, texts: PublishedTexts, runtime: ViewRuntime) -> dict[str, str]:
    """The same that the mail had, this very page among them: a link with nowhere to go is worse."""
    topic = texts.mails.topic(found.template)
    linked = Linked(
        link=CustomerLink(customer=found.customer, message=found.id, channel=found.channel, what=topic),
        place=Place(found.partition, found.id),
        context=found.context,
        created_at=found.created_at,
        sent_at=found.settled_at or found.created_at,
    )
    sender = Sender(public_url=public_url(runtime.settings), key=runtime.link_key)
    return links_for(linked, texts.settings, sender, mention=texts.mails.mention)


def _tracked(
    rendered: RenderedMail, found: SentContent, texts: PublishedTexts, runtime: ViewRuntime
) -> tuple[str | None, str]:
    """Links count as in the mail; the picture is not needed, since this very request is the open."""
    policy, topic = replace(tracking_of(texts), opens=False), texts.mails.topic(found.template)
    url = runtime.settings.public_url
    if not policy.covers(transactional=found.transactional, topic=topic):
        return rendered.html, rendered.text
    words = {"rule": found.rule, "template": found.template, "topic": topic or ""}
    place = Place(found.partition, found.id)
    mark = Mark(key=runtime.link_key, url=url.rstrip("/") if url else None, place=place, words=words)
    return tracked(rendered.html, rendered.text, policy, mark)
