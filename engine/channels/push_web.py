"""Browsers by Web Push: RFC 8030, sealed by RFC 8291, signed by RFC 8292.

Where a browser is reached is said by the browser: the address may be anybody's. So it is called as any foreign one
is (engine/channels/http_post.py), and what it answers says nothing about other messages: it is never an outage.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from engine.base64url import to_text
from engine.channels import Contact, Handover, Push, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.http_post import Answer, Asker, Post
from engine.channels.web_push_sealing import (
    MOST,
    BadKey,
    point_of,
    read_browser_keys,
    seal,
    signed_claims,
)
from engine.clock import utc_now
from engine.links.push_clicks import sign_click

LIFE = timedelta(days=1)
_SIGNED_FOR = timedelta(hours=12)  # a push service refuses more than a day
_SIGNATURES_KEPT = 64  # by push service
_GONE = frozenset({404, 410})
_LOST_BEHIND = frozenset({502, 504})
_LATER = frozenset({401, 403, 408, 425, 429})


@dataclass(slots=True)
class Signer:
    """Says to push services who we are, with the same words for some hours."""

    key: EllipticCurvePrivateKey
    contact: str  # mailto: or https:, for the operator of a push service
    clock: Callable[[], datetime] = utc_now
    _signed: OrderedDict[str, tuple[int, str]] = field(default_factory=OrderedDict)

    @property
    def public(self) -> str:
        return to_text(point_of(self.key))

    def header(self, endpoint: str) -> str:
        parts, now = urlsplit(endpoint), int(self.clock().timestamp())
        audience = f"{parts.scheme}://{parts.netloc}"
        until, signed = self._signed.get(audience, (0, ""))
        if until - now < _SIGNED_FOR.total_seconds() / 2:
            until = now + int(_SIGNED_FOR.total_seconds())
            signed = signed_claims(self.key, audience=audience, contact=self.contact, until=until)
            self._signed[audience] = until, signed
            if len(self._signed) > _SIGNATURES_KEPT:
                self._signed.popitem(last=False)
        return signed


@dataclass(frozen=True, slots=True)
class WebPush:
    signer: Signer
    asker: Asker
    link_key: bytes  # signs what comes back with a press

    async def send_to(self, contact: Contact, handover: Handover) -> Verdict:
        made_with = contact.detail.get("key")
        if made_with is not None and made_with != self.signer.public:
            return Rejected("it was subscribed with another key than this server has now", suppress=True)
        plain = shown_by(handover, self.link_key)
        if len(plain) > MOST:
            return Rejected(f"a push to a browser has at most {MOST:,} bytes")
        try:
            sealed = seal(plain, read_browser_keys(contact.detail))
            signed = self.signer.header(contact.address)
        except (BadKey, ValueError) as error:
            return Rejected(f"it is no subscription of a browser: {error}")
        headers = {
            "authorization": signed,
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(int(LIFE.total_seconds())),
            "urgency": "high" if handover.is_service else "normal",
            "topic": handover.message.hex,  # a repeated message takes the place of one that still waits
        }
        answer = await self.asker.ask(Post(url=contact.address, body=sealed, headers=headers))
        if isinstance(answer, TryLater):
            return TryLater(answer.reason, after=answer.after)
        return verdict_of(answer, handover) if isinstance(answer, Answer) else answer


def shown_by(handover: Handover, link_key: bytes) -> bytes:
    """What the service worker reads: api/browser/files/sw.js."""
    push = handover.content
    assert isinstance(push, Push)
    return orjson.dumps(
        {
            "title": push.title,
            "text": push.text,
            "link": push.link,
            "image": push.image,
            "message": str(handover.message),
            "clicked": sign_click(link_key, handover.origin.partition, handover.message),
            "data": dict(push.data),
        }
    )


def verdict_of(answer: Answer, handover: Handover) -> Verdict:
    kind = answer.kind.partition(";")[0].strip()
    said = f"{answer.host} answered {answer.status}{f' with {kind}' if kind else ''}"
    if answer.status in (200, 201, 202, 204):
        if answer.status == 200 and kind == "text/html":
            return Unknown(f"{said}: that is no push service")
        return Sent(str(handover.message))
    if answer.status in _GONE:
        return Rejected(f"{said}: the browser takes no more messages", suppress=True)
    if answer.status in _LOST_BEHIND:
        return Unknown(said)
    if answer.status in _LATER or answer.status >= 500:
        return TryLater(said, after=answer.retry_after)
    return Rejected(said)
