"""Twilio's status callbacks, and what people answer, signed over the address and the form.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from engine.callbacks import Call, Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import header, hmac_sha1
from engine.callbacks.reading import moment
from engine.channels.phones import e164

_KINDS: dict[str, Kind] = {"delivered": "delivered", "read": "opened", "undelivered": "failed", "failed": "failed"}
#: Would fail again: unsubscribed, no such number, a landline. https://www.twilio.com/docs/api/errors
_HARD = frozenset({"21610", "21614", "30005", "30006"})
#: Alone in a message they ask for silence: those of Twilio, and their like in Russian and German.
_LEAVING = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"}
    | {"стоп", "отписаться", "отписка", "stopp", "abmelden"}
)
#: They ask for messages again: https://help.twilio.com/articles/223134027 has START, YES and UNSTOP.
_RETURNING = frozenset({"start", "unstop", "старт"})
#: So does this, of somebody who has left; else it is an answer to what was asked.
_AGREEING = frozenset({"yes", "да", "ja"})
_LONGEST = 4096
_PORTS = {"https": 443, "http": 80}


#: `agree`: to messages, if it comes from somebody who gets none; else to whatever was asked.
Wish: TypeAlias = Literal["none", "leave", "return", "agree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody wrote to our number."""

    id: str
    channel: str
    phone: str  # E.164
    text: str
    at: datetime
    wish: Wish = "none"


def read_reply(body: bytes, now: datetime) -> Reply | None:
    """Of a body that was verified. None: it is about a message of ours, or from no phone."""
    found = dict(_form(body))
    phone = e164(found.get("From", "").removeprefix("whatsapp:"))
    if "MessageStatus" in found or "Body" not in found or not found.get("MessageSid") or phone is None:
        return None
    text = found["Body"].replace("\0", "").strip()[:_LONGEST]
    return Reply(
        id=found["MessageSid"].replace("\0", "")[:100],
        channel="whatsapp" if found["From"].startswith("whatsapp:") else "sms",
        phone=phone,
        text=text,
        at=now,
        wish=_wish(text, found.get("OptOutType", "")),
    )


def _wish(text: str, opt_out_type: str) -> Wish:
    """Of a message that says one word and nothing else, or as Twilio has understood it."""
    word = text.strip(" .!\"'«»").casefold()
    if opt_out_type == "STOP" or word in _LEAVING:
        return "leave"
    if opt_out_type == "START" or word in _RETURNING:
        return "return"
    return "agree" if word in _AGREEING else "none"


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
                provider_id=sid.replace("\0", "")[:100],
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
