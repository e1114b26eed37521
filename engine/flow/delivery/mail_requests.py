"""What a message is rendered from: its reader, the event and words that its rule gave, and the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from engine.rendering.brand import brand_of
from engine.rendering.email import MailRequest
from engine.rendering.readers import Reader, reader_facts
from engine.texts import PublishedTexts


class Written(Reader, Protocol):
    """A message that a rule has written, with its reader."""

    @property
    def template(self) -> str: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


def mail_request(
    message: Written, policy: PublishedTexts, *, links: Mapping[str, str], at: datetime | None
) -> MailRequest:
    """`at`: when it goes out, or went out."""
    return MailRequest(
        template=message.template,
        event=message.context.get("event") or {},
        customer=reader_facts(message),
        variables={
            **(message.context.get("with") or {}),
            "promo": message.context.get("promo") or {},
            **links,
        },
        workspace=brand_of(policy.settings),
        locale=message.locale,
        default_locale=policy.settings.get("locale") or "en",
        timezone=message.timezone or policy.timezone,
        currency=policy.currency,
        now=at,
    )
