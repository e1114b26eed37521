"""Amazon SES, which reports by messages of Amazon SNS, signed with a certificate that lies on a server of Amazon's.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from engine.callbacks import Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import decoded
from engine.callbacks.reading import at, json_of, message_of, moment, text, uuid_of

#: SNS delivers again, signed as before, for about an hour; what came already is known by its id.
TOLERANCE = timedelta(hours=1)

_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
_KINDS: dict[str, Kind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Rendering Failure": "failed",
    "Open": "opened",
    "Click": "clicked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What SNS puts around a message. Nothing in it is to be believed before `check`."""

    fields: dict[str, str]
    certificate_url: str  # on a server of Amazon's

    @property
    def id(self) -> str:
        return self.fields.get("MessageId", "")

    @property
    def is_confirmation(self) -> bool:
        return self.fields.get("Type") == "SubscriptionConfirmation"


def envelope_of(body: bytes, topic: str) -> Envelope:
    """Raises Refused for what does not even claim to come from our topic."""
    try:
        tree = json_of(body)
    except Unreadable as error:
        raise Refused("this is no message of Amazon SNS", status=401) from error
    fields = {name: value for name, value in tree.items() if isinstance(value, str)} if isinstance(tree, dict) else {}
    if not fields.get("Signature"):
        raise Refused("this is no message of Amazon SNS", status=401)
    if not hmac.compare_digest(fields.get("TopicArn", "").encode(), topic.encode()):
        raise Refused("the message is of another topic than kogda.yaml says")
    url = fields.get("SigningCertURL") or fields.get("SigningCertUrl") or ""
    if not _is_of_amazon(url) or not urlsplit(url).path.endswith(".pem"):
        raise Refused("the certificate does not lie on a server of Amazon SNS")
    return Envelope(fields=fields, certificate_url=url)


def subscribe_url(envelope: Envelope) -> str:
    """Of a confirmation that was checked. Raises Refused."""
    url = envelope.fields.get("SubscribeURL", "")
    if not _is_of_amazon(url):
        raise Refused("the address to confirm at is none of Amazon SNS")
    return url


def _is_of_amazon(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = parts.port is None and parts.username is None and not parts.fragment
    except ValueError:
        return False
    return parts.scheme == "https" and plain and bool(_HOST.fullmatch(parts.netloc)) and "\\" not in url


def check(envelope: Envelope, certificate: bytes, now: datetime) -> None:
    """Raises Refused."""
    fields = envelope.fields
    names = _NOTIFICATION if fields.get("Type") == "Notification" else _CONFIRMATION
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
    algorithm = _HASHES.get(fields.get("SignatureVersion", ""))
    if algorithm is None:
        raise Refused("this version of signatures is not known")
    try:
        found = load_pem_x509_certificate(certificate)
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("the certificate cannot be read") from error
    if not isinstance(key, rsa.RSAPublicKey) or not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise Refused("the certificate is not valid")
    try:
        key.verify(decoded(fields["Signature"]), signed, padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise Refused("the signature is wrong") from error
    try:
        signed_at = moment(fields.get("Timestamp"))
    except Unreadable as error:
        raise Refused("the time of the signature cannot be read") from error
    if abs(now - signed_at) > TOLERANCE:
        raise Refused("the message is more than an hour from now: it is replayed, or a clock is wrong")


def read(envelope: Envelope) -> list[Report]:
    """Of a checked notification. Raises Unreadable."""
    if envelope.fields.get("Type") != "Notification":
        return []
    event = json_of(envelope.fields.get("Message", "").encode())
    name = text(event, "eventType") or text(event, "notificationType") or ""
    kind = _KINDS.get(name)
    return list(_reports(kind, event, name)) if kind else []


def _reports(kind: Kind, event: Any, name: str) -> Iterator[Report]:
    mail, told = at(event, "mail"), at(event, name.lower() if name != "Rendering Failure" else "failure")
    happened = text(told, "timestamp") or text(mail, "timestamp")
    for address, reason in _recipients(kind, mail, told):
        yield Report(
            kind=kind,
            at=moment(happened),
            address=address,
            message=_message(mail),
            provider_id=text(mail, "messageId"),
            hard=kind == "bounced" and text(told, "bounceType") == "Permanent",
            reason=reason,
            link=text(told, "link"),
            agent=text(told, "userAgent"),
        )


def _recipients(kind: Kind, mail: Any, told: Any) -> list[tuple[str | None, str | None]]:
    """Addresses, each with the reason."""
    if kind in ("bounced", "complained"):
        listed = at(told, "bouncedRecipients" if kind == "bounced" else "complainedRecipients")
        why = text(told, "bounceSubType") or text(told, "complaintFeedbackType")
        each = listed if isinstance(listed, list) else []
        return [(text(one, "emailAddress"), text(one, "diagnosticCode") or why) for one in each[:50]]
    listed = at(told, "recipients") or at(mail, "destination")
    each = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    reason = text(told, "reason") or text(told, "errorMessage")
    return [(one, reason) for one in each[:50]] or [(None, reason)]


def _message(mail: Any) -> UUID | None:
    """SES gives mails a Message-ID of its own; ours is among the headers that it was given, when it tells them."""
    if found := uuid_of(at(mail, "tags", "kogda_message", 0)):
        return found
    headers = at(mail, "headers")
    for each in headers if isinstance(headers, list) else ():
        if (text(each, "name") or "").lower() == "message-id" and (found := message_of(text(each, "value"))):
            return found
    return message_of(text(mail, "commonHeaders", "messageId"))
