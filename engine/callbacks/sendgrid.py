"""SendGrid's Event Webhook, signed with ECDSA over time and body.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.callbacks import Call, Kind, Report, Unreadable
from engine.callbacks.proofs import check_ecdsa, check_time, header
from engine.callbacks.reading import at, json_of, message_of, moment, text, uuid_of

_KINDS: dict[str, Kind] = {
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
}


class SendGrid:
    def verify(self, call: Call, secret: str) -> str:
        signature = header(call, "x-twilio-email-event-webhook-signature")
        seconds = header(call, "x-twilio-email-event-webhook-timestamp")
        check_ecdsa(secret, seconds.encode() + call.body, signature)
        check_time(seconds, call.now)
        return ""

    def read(self, body: bytes, now: datetime) -> list[Report]:
        events = json_of(body)
        if not isinstance(events, list):
            raise Unreadable("a list of events is expected")
        return [report for event in events if (report := _report(event)) is not None]


def _report(event: Any) -> Report | None:
    kind = _KINDS.get(text(event, "event") or "")
    if kind is None:
        return None
    blocked = text(event, "type") == "blocked"  # by the receiver, for now; a bounce that is none is for good
    return Report(
        kind=kind,
        at=moment(at(event, "timestamp")),
        address=text(event, "email"),
        message=uuid_of(at(event, "kogda_message")) or message_of(text(event, "smtp-id")),
        provider_id=(text(event, "sg_message_id") or "").partition(".")[0] or None,
        hard=kind == "bounced" and not blocked,
        reason=text(event, "reason"),
        link=text(event, "url"),
        agent=text(event, "useragent"),
        is_machine=at(event, "sg_machine_open") is True,
    )
