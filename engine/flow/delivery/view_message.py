"""A mail once more, for a browser: from what is kept of it and the texts of the day on which it went out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from engine.config import public_url
from engine.errors import TemplateFailed
from engine.flow.answers.reacting import ReactionRuntime
from engine.flow.delivery.mail_requests import mail_request
from engine.flow.delivery.message_links import Linked, links_for
from engine.flow.delivery.tracking_content import Reachable, tracked_mail, tracking_of, way_here
from engine.links.customer_links import CustomerLink, Sender
from engine.storage.database import Connection
from engine.storage.delivery.sent_content import SentContent, sent_content
from engine.texts import PublishedTexts
from engine.tracking.tokens import Place

_SENT = frozenset({"sent", "unknown", "sending"})


class ViewRuntime(ReactionRuntime, Reachable, Protocol):
    """What storing reactions needs, and what links need."""


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
        texts = await texts_as_sent(connection, found, runtime)
    if texts is None:
        return "changed"
    try:
        request = mail_request(found, texts, links=links_as_sent(found, texts, runtime), at=found.settled_at)
        rendered = await asyncio.to_thread(texts.mails.mail, request)
    except TemplateFailed:
        return "changed"
    # Links count as in the mail; the picture is not needed, since this very request is the open.
    tracking, topic = replace(tracking_of(texts), opens=False), texts.mails.topic(found.template)
    html, text = tracked_mail(found, rendered, tracking, topic=topic, way=way_here(runtime))
    return Viewed(subject=rendered.subject, html=html, text=text)


async def texts_as_sent(connection: Connection, found: SentContent, runtime: ReactionRuntime) -> PublishedTexts | None:
    """Those of the day on which it went out, else those of its rule set. None: neither has its template."""
    for rule_set in dict.fromkeys((found.published or found.rule_set, found.rule_set)):
        texts = await runtime.texts.of(connection, rule_set)
        if texts.templates(found.channel).has(found.template):
            return texts
    return None


def links_as_sent(found: SentContent, texts: PublishedTexts, runtime: ViewRuntime) -> dict[str, str]:
    """The same that the message had, the page of the mail among them: a link with nowhere to go is worse."""
    templates = texts.templates(found.channel)
    topic = templates.topic(found.template)
    linked = Linked(
        link=CustomerLink(customer=found.customer, message=found.id, channel=found.channel, what=topic),
        place=Place(found.partition, found.id),
        context=found.context,
        created_at=found.created_at,
        sent_at=found.settled_at or found.created_at,
    )
    sender = Sender(public_url=public_url(runtime.settings), key=runtime.link_key)
    return links_for(linked, texts.settings, sender, mention=templates.mention)
