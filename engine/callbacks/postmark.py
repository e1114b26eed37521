"""Postmark's webhooks: not signed; the address that Postmark is given holds a user and a password.

https://postmarkapp.com/developer/webhooks/webhooks-overview
https://postmarkapp.com/developer/webhooks/bounce-webhook
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.callbacks import Call, Kind, Report, Unreadable
from engine.callbacks.proofs import check_secret
from engine.callbacks.reading import at, json_of, message_of, moment, text, uuid_of

_KINDS: dict[str, Kind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "SpamComplaint": "complained",
    "Open": "opened",
    "Click": "clicked",
}
_HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_COMPLAINTS = frozenset({"SpamNotification", "SpamComplaint"})
#: Answers of a machine, and news about a subscription: nothing bounced.
_NO_BOUNCES = frozenset({"AutoResponder", "Subscribe", "Unsubscribe", "ChallengeVerification", "AddressChange"})


class Postmark:
    def verify(self, call: Call, secret: str) -> str:
        check_secret(call, secret)
        return ""

    def read(self, body: bytes, now: datetime) -> list[Report]:
        event = json_of(body)
        if not isinstance(event, dict):
            raise Unreadable("an object is expected")
        report = _report(event)
        return [report] if report else []


def _report(event: dict[str, Any]) -> Report | None:
    kind, sort = _KINDS.get(text(event, "RecordType") or ""), text(event, "Type") or ""
    if kind is None or (kind == "bounced" and sort in _NO_BOUNCES):
        return None
    if kind == "bounced" and sort in _COMPLAINTS:
        kind = "complained"
    times = ("DeliveredAt", "BouncedAt", "ReceivedAt")
    return Report(
        kind=kind,
        at=moment(next((found for name in times if (found := text(event, name))), None)),
        address=text(event, "Email") or text(event, "Recipient"),
        message=uuid_of(at(event, "Metadata", "kogda-message")) or message_of(text(event, "MessageID")),
        provider_id=text(event, "MessageID"),
        hard=kind == "bounced" and (sort in _HARD or at(event, "Inactive") is True),
        reason=text(event, "Details") or text(event, "Description"),
        link=text(event, "OriginalLink"),
        agent=text(event, "UserAgent"),
    )
