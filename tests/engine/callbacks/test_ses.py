"""Messages of Amazon SNS, signed here as Amazon signs them, with a certificate of our own."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from engine.callbacks import Refused, ses

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mails"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem"


@cache
def keys() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + timedelta(days=300))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM)


def signed(message: Any = None, *, version: str = "2", **fields: str) -> bytes:
    """The text to sign is that of https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""
    told = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": orjson.dumps(message or {}).decode(),
        "Timestamp": "2026-03-02T08:59:30.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    } | fields
    order = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{told[name]}\n" for name in order if name in told).encode()
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = keys()[0].sign(text, padding.PKCS1v15(), algorithm)
    return orjson.dumps({**told, "Signature": base64.b64encode(signature).decode()})


def checked(body: bytes, *, now: datetime = NOW) -> ses.Envelope:
    envelope = ses.envelope_of(body, TOPIC)
    ses.check(envelope, keys()[1], now)
    return envelope


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_signatures_are_understood(version: str):
    assert checked(signed(version=version)).id == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    assert checked(signed(version=version, Subject="Amazon SES Email Event Notification")).id


def test_a_confirmation_is_signed_over_its_address_and_token():
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"

    envelope = checked(signed(Type="SubscriptionConfirmation", SubscribeURL=url, Token="abc"))

    assert envelope.is_confirmation
    assert ses.subscribe_url(envelope) == url


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"Message":"{}"', b'"Message":"{ }"', id="message"),
        pytest.param(b"bdfb0c7bf324", b"bdfb0c7bf325", id="id"),
        pytest.param(b"08:59:30", b"08:59:31", id="time"),
        pytest.param(b'"SignatureVersion":"2"', b'"SignatureVersion":"1"', id="version"),
        pytest.param(b'"SignatureVersion":"2"', b'"SignatureVersion":"9"', id="unknown version"),
    ],
)
def test_a_changed_message_is_refused(old: bytes, new: bytes):
    body = signed()
    assert old in body

    with pytest.raises(Refused):
        checked(body.replace(old, new))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://user@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/x.pem",
        "https://s3.eu-west-1.amazonaws.com/x.pem",
        "https://sns.attacker.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.exe",
        "https://[::1/x.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str):
    with pytest.raises(Refused):
        ses.envelope_of(signed(SigningCertURL=url), TOPIC)


def test_a_subscription_is_not_confirmed_elsewhere():
    envelope = checked(
        signed(Type="SubscriptionConfirmation", SubscribeURL="https://evil.example/?Action=Confirm", Token="abc")
    )

    with pytest.raises(Refused):
        ses.subscribe_url(envelope)


@pytest.mark.parametrize(
    ("body", "now"),
    [
        pytest.param(signed(TopicArn="arn:aws:sns:eu-west-1:666:mails"), NOW, id="another topic"),
        pytest.param(signed(), NOW + timedelta(hours=2), id="replayed later"),
        pytest.param(signed(), NOW + timedelta(days=400), id="the certificate has ended"),
        pytest.param(b"<html>", NOW, id="no json"),
        pytest.param(b"[]", NOW, id="a list"),
        pytest.param(b'{"TopicArn": 7}', NOW, id="nothing of it"),
    ],
)
def test_what_does_not_come_from_our_topic_in_time_is_refused(body: bytes, now: datetime):
    with pytest.raises(Refused):
        checked(body, now=now)


def test_a_certificate_that_is_none_is_refused():
    with pytest.raises(Refused):
        ses.check(ses.envelope_of(signed(), TOPIC), b"<html>Not found</html>", NOW)
