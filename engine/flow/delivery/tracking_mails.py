"""What tracking adds to one mail on its way out, by the workspace's policy."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from uuid import UUID

from engine.rendering.email import RenderedMail
from engine.texts import PublishedTexts
from engine.tracking.policy import Tracking
from engine.tracking.tokens import VIEW, Place, place_token
from engine.tracking.writing import Mark, tracked


class Sendable(Protocol):
    """A message, as far as what is counted tells of it."""

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


class WayHere(NamedTuple):
    """How what is counted comes back."""

    public_url: str | None  # None: no link could lead here, so none does
    link_key: bytes


def tracked_mail(
    message: Sendable, rendered: RenderedMail, tracking: Tracking, *, topic: str | None, way_here: WayHere
) -> tuple[str | None, str]:
    """HTML and text."""
    url, key = way_here
    if not tracking.covers(transactional=message.transactional, topic=topic) or not (url or tracking.utm):
        return rendered.html, rendered.text
    mark = Mark(
        key=key,
        url=url.rstrip("/") if url else None,
        place=Place(message.partition, message.id),
        words={"rule": message.rule, "template": message.template, "topic": topic or ""},
    )
    return tracked(rendered.html, rendered.text, tracking, mark)


def view_url(place: Place, public_url: str, link_key: bytes) -> str:
    """Where the message can be read in a browser."""
    return f"{public_url}/v/{place_token(link_key, VIEW, place)}"


def tracking_of(texts: PublishedTexts | None) -> Tracking:
    return Tracking.from_json(texts.settings.get("tracking") if texts else None)
