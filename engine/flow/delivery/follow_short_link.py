"""Where a short link of an sms or a chat leads: read from the message, as it was sent."""

from __future__ import annotations

import asyncio

from engine.channels import Text
from engine.errors import TemplateFailed
from engine.flow.delivery.mail_requests import mail_request
from engine.flow.delivery.text_content import text_content
from engine.flow.delivery.tracking_content import tracking_of, way_here, words_of
from engine.flow.delivery.view_message import ViewRuntime, links_as_sent, texts_as_sent
from engine.storage.delivery.sent_content import SentContent, content_that_begins
from engine.texts import PublishedTexts
from engine.tracking.short_links import ShortLink, meant, numbered, targets
from engine.tracking.tokens import Link, Place


async def follow_short_link(runtime: ViewRuntime, short: ShortLink) -> Link | None:
    """None: the message is not kept any more, or what it was made from leads elsewhere now."""
    async with runtime.database.connection() as connection:
        found = await content_that_begins(connection, short.partition, short.begins, partitions=runtime.partitions)
        texts = await texts_as_sent(connection, found, runtime) if found else None
    if found is None or texts is None:
        return None
    try:
        leads_to = await asyncio.to_thread(_leads_to, found, texts, runtime)
    except TemplateFailed:
        return None
    target = meant(short, leads_to)
    return None if target is None else Link(Place(found.partition, found.id), *numbered(leads_to, target), target)


def _leads_to(found: SentContent, texts: PublishedTexts, runtime: ViewRuntime) -> list[str]:
    templates = texts.templates(found.channel)
    request = mail_request(found, texts, links=links_as_sent(found, texts, runtime), at=found.settled_at)
    content = text_content(found.channel, found.template, templates.mail(request))
    if not isinstance(content, Text):
        return []
    words = words_of(found, templates.topic(found.template))
    return list(targets(content, tracking_of(texts), words, own=way_here(runtime).public_url).values())
