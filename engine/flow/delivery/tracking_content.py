"""What tracking adds to one message on its way out, by the workspace's policy."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from uuid import UUID

from engine.channels import Text
from engine.config import Settings
from engine.rendering.email import RenderedMail
from engine.texts import PublishedTexts
from engine.tracking.policy import Tracking
from engine.tracking.short_links import Shortener
from engine.tracking.tokens import VIEW, Place, place_token
from engine.tracking.writing import Mark, tracked


class Sendable(Protocol):
    """What tracking needs to know of a message."""

    @property
    def partition(self) -> int: ...
    @property
    def id(self) -> UUID: ...
    @property
    def rule(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def transactional(self) -> bool: ...


class SendableText(Sendable, Protocol):
    @property
    def channel(self) -> str: ...


class Reachable(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def link_key(self) -> bytes: ...


class WayHere(NamedTuple):
    """How requests for tracked links and pictures reach this server."""

    public_url: str | None  # without a slash at the end; None: no link could lead here, so none does
    link_key: bytes


def way_here(runtime: Reachable) -> WayHere:
    url = runtime.settings.public_url
    return WayHere(url.rstrip("/") if url else None, runtime.link_key)


def tracked_mail(
    message: Sendable, rendered: RenderedMail, tracking: Tracking, *, topic: str | None, way: WayHere
) -> tuple[str | None, str]:
    """HTML and text."""
    url, key = way
    if not tracking.covers(transactional=message.transactional, topic=topic) or not (url or tracking.utm):
        return rendered.html, rendered.text
    mark = Mark(
        key=key,
        url=url,
        place=Place(message.partition, message.id),
        words=words_of(message, topic),
    )
    return tracked(rendered.html, rendered.text, tracking, mark)


def tracked_text(message: SendableText, content: Text, tracking: Tracking, *, topic: str | None, way: WayHere) -> Text:
    """Of an sms or a chat."""
    url, key = way
    if not url or not counts_links(message, tracking, topic=topic):
        return content
    place = Place(message.partition, message.id)
    shortener = Shortener(key=key, url=url, place=place, channel=message.channel)
    return shortener.shortened(content, tracking, words_of(message, topic))


def counts_links(message: Sendable, tracking: Tracking, *, topic: str | None) -> bool:
    """Of an sms or a chat."""
    is_covered = tracking.covers(transactional=message.transactional, topic=topic)
    return is_covered and tracking.clicks and tracking.short_links


def words_of(message: Sendable, topic: str | None) -> dict[str, str]:
    """What parameters of links may be filled with."""
    return {"rule": message.rule, "template": message.template, "topic": topic or ""}


def view_url(place: Place, public_url: str, link_key: bytes) -> str:
    """Where the message can be read in a browser."""
    return f"{public_url}/v/{place_token(link_key, VIEW, place)}"


def tracking_of(texts: PublishedTexts | None) -> Tracking:
    return Tracking.from_json(texts.settings.get("tracking") if texts else None)
