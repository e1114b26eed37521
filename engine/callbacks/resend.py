"""Resend's webhooks, signed by Svix, whose scheme became Standard Webhooks.

https://resend.com/docs/dashboard/webhooks/event-types
https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Any

from engine.callbacks import Call, Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import check_time, decoded, hmac_sha256
from engine.callbacks.reading import at, json_of, message_of, moment, text

_KINDS: dict[str, Kind] = {
    "email.delivered": "delivered",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.failed": "failed",
}


class Resend:
    def verify(self, call: Call, secret: str) -> str:
        names = ("id", "timestamp", "signature")
        found = [call.headers.get(f"svix-{name}") or call.headers.get(f"webhook-{name}") for name in names]
        call_id, seconds, signatures = found
        if not (call_id and seconds and signatures):
            raise Refused("the headers svix-id, svix-timestamp and svix-signature are missing", status=401)
        key = decoded(secret.strip().removeprefix("whsec_"))
        expected = hmac_sha256(key, b".".join((call_id.encode(), seconds.encode(), call.body)))
        ours = b"v1," + base64.b64encode(expected)
        # While a secret is being changed there are several; one that fits is enough.
        if not any([hmac.compare_digest(ours, each.encode()) for each in signatures.split(" ")]):
            raise Refused("the signature is wrong")
        check_time(seconds, call.now)
        return call_id

    def read(self, body: bytes, now: datetime) -> list[Report]:
        event = json_of(body)
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
            raise Unreadable("an object with `data` is expected")
        kind = _KINDS.get(text(event, "type") or "")
        return _reports(kind, event) if kind else []


def _reports(kind: Kind, event: dict[str, Any]) -> list[Report]:
    data = event["data"]
    to = data.get("to")
    addresses = [each for each in (to if isinstance(to, list) else [to]) if isinstance(each, str)]
    bounce = at(data, "bounce")
    return [
        Report(
            kind=kind,
            at=moment(text(event, "created_at")),
            address=address,
            message=message_of(text(data, "message_id")),
            provider_id=text(data, "email_id"),
            sent_at=moment(created) if (created := text(data, "created_at")) else None,
            # Without a type it is what Resend's page says of it: the server refused for good.
            hard=kind == "bounced" and (text(bounce, "type") or "Permanent") == "Permanent",
            reason=text(bounce, "message") or text(data, "failed", "reason"),
            link=text(data, "click", "link"),
            agent=text(data, "click", "userAgent"),
        )
        for address in addresses[:50]
    ]
