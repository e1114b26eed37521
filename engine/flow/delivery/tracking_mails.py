"""What tracking adds to one mail on its way out, by the workspace's policy."""

from __future__ import annotations

from engine.config import Settings
from engine.flow.delivery.claiming import Claimed
from engine.texts import PublishedTexts
from engine.tracking.policy import Tracking
from engine.tracking.tokens import VIEW, Place, place_token
from engine.tracking.writing import Mark, tracked


def tracked_mail(
    claimed: Claimed, html: str | None, text: str, *, settings: Settings, link_key: bytes
) -> tuple[str | None, str]:
    """HTML and text. Without KOGDA_PUBLIC_URL no link could lead here, so nothing does."""
    message, template = claimed.message, claimed.message.template
    topic = claimed.texts.templates(message.channel).topic(template)
    policy = Tracking.from_json(claimed.policy.settings.get("tracking"))
    if not policy.covers(transactional=message.transactional, topic=topic):
        return html, text
    if not (settings.public_url or policy.utm):
        return html, text
    mark = Mark(
        key=link_key,
        url=settings.public_url.rstrip("/") if settings.public_url else None,
        place=Place(message.partition, message.id),
        words={"rule": message.rule, "template": template, "topic": topic or ""},
    )
    return tracked(html, text, policy, mark)


def view_url(place: Place, public_url: str, link_key: bytes) -> str:
    """Where the message can be read in a browser."""
    return f"{public_url}/v/{place_token(link_key, VIEW, place)}"


def tracking_of(texts: PublishedTexts | None) -> Tracking:
    return Tracking.from_json(texts.settings.get("tracking") if texts else None)
