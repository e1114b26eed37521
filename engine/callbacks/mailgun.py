"""Mailgun's webhooks, signed with HMAC-SHA256 over a time and a token that stand in the body.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.callbacks import Call, Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import check_hmac, check_time, hmac_sha256
from engine.callbacks.reading import at, json_of, message_of, moment, text, uuid_of

_KINDS: dict[str, Kind] = {
    "delivered": "delivered",
    "failed": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
}


class Mailgun:
    def verify(self, call: Call, secret: str) -> str:
        """Only the envelope is looked at: the signature has no other place."""
        try:
            signed = at(json_of(call.body), "signature")
        except Unreadable as error:
            raise Refused("there is no signature", status=401) from error
        seconds, token, signature = (text(signed, name) for name in ("timestamp", "token", "signature"))
        if not (seconds and token and signature):
            raise Refused("there is no signature", status=401)
        check_hmac(hmac_sha256(secret.encode(), (seconds + token).encode()).hex().encode(), signature.lower().encode())
        check_time(seconds, call.now)
        return token

    def read(self, body: bytes, now: datetime) -> list[Report]:
        event = at(json_of(body), "event-data")
        if not isinstance(event, dict):
            raise Unreadable("event-data is missing")
        report = _report(event)
        return [report] if report else []


def _report(event: dict[str, Any]) -> Report | None:
    kind = _KINDS.get(text(event, "event") or "")
    if kind is None or (kind == "bounced" and text(event, "severity") != "permanent"):
        return None  # a temporary failure is tried again by Mailgun
    status = at(event, "delivery-status")
    reason = text(status, "message") or text(status, "description") or text(event, "reason")
    return Report(
        kind=kind,
        at=moment(at(event, "timestamp")),
        address=text(event, "recipient"),
        message=uuid_of(at(event, "user-variables", "kogda_message"))
        or message_of(text(event, "message", "headers", "message-id")),
        provider_id=text(event, "message", "headers", "message-id"),
        # `old`: Mailgun tried for hours and gave up, which says little about the address.
        hard=kind == "bounced" and text(event, "reason") != "old",
        reason=reason,
        link=text(event, "url"),
        agent=text(event, "client-info", "user-agent"),
        is_machine=text(event, "client-info", "bot") is not None,
    )
