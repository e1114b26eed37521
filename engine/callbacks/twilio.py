"""Twilio's status callbacks, and what people answer, signed over the address and the form.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from engine.callbacks import Call, Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import header, hmac_sha1
from engine.callbacks.reading import moment
from engine.callbacks.replies import LONGEST, Reply, Wish, wish_of
from engine.channels.phones import e164
from engine.storage.kept_words import storable

_KINDS: dict[str, Kind] = {"delivered": "delivered", "read": "opened", "undelivered": "failed", "failed": "failed"}
#: Would fail again: unsubscribed, no such number, a landline. https://www.twilio.com/docs/api/errors
_HARD = frozenset({"21610", "21614", "30005", "30006"})
_PORTS = {"https": 443, "http": 80}


def read_reply(body: bytes, now: datetime) -> Reply | None:
    """Of a body that was verified. None: it is about a message of ours, or from no phone."""
    found = dict(_form(body))
    phone = e164(found.get("From", "").removeprefix("whatsapp:"))
    if "MessageStatus" in found or "Body" not in found or not found.get("MessageSid") or phone is None:
        return None
    text = storable(found["Body"]).strip()[:LONGEST]
    return Reply(
        id=storable(found["MessageSid"])[:100],
        channel="whatsapp" if found["From"].startswith("whatsapp:") else "sms",
        phone=phone,
        text=text,
        at=now,
        wish=_wish(text, found.get("OptOutType", "")),
    )


def _wish(text: str, opt_out_type: str) -> Wish:
    """As Twilio has understood it, else of the word alone."""
    understood: dict[str, Wish] = {"STOP": "leave", "START": "return"}
    return understood.get(opt_out_type) or wish_of(text)


class Twilio:
    def verify(self, call: Call, secret: str) -> str:
        given = header(call, "x-twilio-signature").encode()
        pairs = sorted(set(_form(call.body)))
        told = "".join(name + value for name, value in pairs)
        # Some of Twilio's systems sign the address with its port, others without.
        signed = [base64.b64encode(hmac_sha1(secret.encode(), (url + told).encode())) for url in _written(call.url)]
        if not any([hmac.compare_digest(each, given) for each in signed]):
            raise Refused("the signature is wrong; is KOGDA_PUBLIC_URL the address that Twilio was given?")
        found = dict(pairs)
        return f"{found.get('MessageSid', '')}:{found.get('MessageStatus', '')}"

    def read(self, body: bytes, now: datetime) -> list[Report]:
        found = dict(_form(body))
        kind, sid = _KINDS.get(found.get("MessageStatus", "")), found.get("MessageSid")
        if not sid:
            raise Unreadable("MessageSid is missing")
        if kind is None:
            return []
        code = found.get("ErrorCode") or None
        return [
            Report(
                kind=kind,
                at=moment(found.get("Timestamp"), default=now),
                channel="whatsapp" if found.get("To", "").startswith("whatsapp:") else "sms",
                address=found.get("To", "").removeprefix("whatsapp:") or None,
                provider_id=storable(sid)[:100],
                hard=code in _HARD,
                reason=f"error {code}: https://www.twilio.com/docs/api/errors/{code}" if code else None,
            )
        ]


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise Refused("the body is no form", status=403) from error


def _written(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return [url, parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()]
