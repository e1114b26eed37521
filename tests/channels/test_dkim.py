"""Signatures as another implementation sees them: dkimpy verifies ours, and refuses what was changed on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.dkim import DkimKey, NoDkimKey, read_key, record_of
from engine.channels.mime import build_mail
from tests.channels.conformance import handover

WAYS_OUT = ("https://shop.example/u/token", "mailto:leave@shop.example?subject=token")


def pem(key: Any, password: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


RSA = DkimKey("shop.example", "rsa1", pem(rsa.generate_private_key(65537, 2048)))
ED25519 = DkimKey("shop.example", "ed1", pem(ed25519.Ed25519PrivateKey.generate()))
KEYS = pytest.mark.parametrize("key", [pytest.param(RSA, id="rsa"), pytest.param(ED25519, id="ed25519")])


def ask(name: bytes, timeout: int = 5) -> bytes | None:
    """The DNS, as it would answer."""
    records = {f"{key.name}.".encode(): record_of(key.pem).encode() for key in (RSA, ED25519)}
    return records.get(name)


def signed(*keys: DkimKey, **mail: Any) -> bytes:
    return build_mail(handover(dkim=keys, **mail)).raw


def is_valid(raw: bytes, index: int = 0) -> bool:
    try:
        return bool(dkim.DKIM(raw).verify(idx=index, dnsfunc=ask))
    except dkim.DKIMException:
        return False


@KEYS
def test_another_implementation_takes_our_signature(key: DkimKey):
    raw = signed(key, ways_out=WAYS_OUT, subject="Привет, это письмо " * 8, reply_to="help@shop.example")

    assert is_valid(raw)


def test_two_keys_sign_beside_each_other():
    raw = signed(RSA, ED25519)

    assert is_valid(raw, 0)
    assert is_valid(raw, 1)


@KEYS
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw.replace(b"Subject: Hello", b"Subject: Hullo"), id="subject"),
        pytest.param(lambda raw: raw.replace(b"/u/token", b"/u/tokem"), id="way out"),
        pytest.param(lambda raw: raw.replace(b"One-Click", b"Two-Click"), id="one-click"),
        pytest.param(lambda raw: raw.replace(b"Hello Anna", b"Hello Hanna"), id="text"),
        pytest.param(
            lambda raw: raw.replace(b"\r\nFrom:", b"\r\nFrom: evil@evil.example\r\nFrom:", 1), id="second from"
        ),
        pytest.param(lambda raw: raw.replace(b"\r\nTo:", b"\r\nReply-To: evil@evil.example\r\nTo:", 1), id="reply-to"),
        pytest.param(lambda raw: raw + b"more\r\n", id="appended"),
    ],
)
def test_what_is_changed_on_the_way_fails(key: DkimKey, change: Callable[[bytes], bytes]):
    raw = signed(key, ways_out=WAYS_OUT)
    changed = change(raw)

    assert changed != raw
    assert not is_valid(changed)


@KEYS
def test_headers_that_let_people_leave_are_covered(key: DkimKey):
    head = signed(key, ways_out=WAYS_OUT).partition(b"\r\nFrom:")[0].replace(b"\r\n ", b"")

    covered = head.partition(b"h=")[2].partition(b";")[0].split(b":")
    assert {b"List-Unsubscribe", b"List-Unsubscribe-Post", b"From", b"Subject"} <= set(covered)
    assert max(map(len, signed(key, ways_out=WAYS_OUT).split(b"\r\n"))) <= 78


@KEYS
@given(text=st.text(max_size=300), html=st.none() | st.text(max_size=300))
def test_any_text_is_signed_as_it_is_sent(key: DkimKey, text: str, html: str | None):
    assert is_valid(signed(key, text=text, html=html))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "no private key"),
        (pem(ed25519.Ed25519PrivateKey.generate(), b"secret"), "no private key in PEM without a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "RSA and Ed25519 keys only"),
        (pem(dsa.generate_private_key(2048)), "RSA and Ed25519 keys only"),
    ],
    ids=["empty", "garbage", "password", "elliptic", "dsa"],
)
def test_what_is_no_key_for_dkim_is_refused_in_words(written: str, reason: str):
    with pytest.raises(NoDkimKey, match=reason):
        read_key(written)


def test_a_key_in_one_line_of_an_environment_file_is_read():
    assert record_of(RSA.pem.replace("\n", "\\n")) == record_of(RSA.pem)


def test_a_key_is_not_shown():
    assert "PRIVATE" not in repr(RSA)
