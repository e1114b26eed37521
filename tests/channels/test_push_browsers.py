"""Push to browsers: the list that every provider passes, and what only push services know."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from engine.base64url import from_text, to_text
from engine.channels import Push, Rejected, TryLater
from engine.channels.push_web import Signer
from engine.channels.web_push_sealing import (
    BadKey,
    BrowserKeys,
    point_of,
    private_key,
    read_browser_keys,
    seal,
)
from engine.links.push_clicks import open_click
from tests.channels.conformance import NOW, FarEnd, ProviderConformance
from tests.channels.push_ends import (
    AUTH,
    BROWSER,
    KEYS,
    LINK_KEY,
    browser_end,
)


class TestBrowsers(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with browser_end() as far:
            yield far

    async def test_only_the_browser_can_read_what_is_sent(self, far: FarEnd):
        handover = far.handover()

        await far.send("sent", handover)

        [(first, headers, body)] = far.requests()
        assert first == "POST /send/abc HTTP/1.1"
        assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "normal")
        said = json.loads(unsealed(body))
        assert open_click(LINK_KEY, said.pop("clicked")) == (3, handover.message)
        assert said == {
            "title": "Корзина ждёт",
            "text": "Ваш кофе",
            "link": "https://shop.example/cart",
            "image": None,
            "message": str(handover.message),
            "data": {"cart": "7"},
        }

    async def test_a_push_service_learns_who_sends(self, far: FarEnd):
        await far.send("sent")

        [(_, headers, _)] = far.requests()
        token, key = (part.partition("=")[2] for part in headers["authorization"].removeprefix("vapid ").split(", "))
        head, claims, signature = token.split(".")
        said, raw = json.loads(base64.urlsafe_b64decode(claims + "==")), base64.urlsafe_b64decode(signature + "==")
        signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_text(key))
        public.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        assert said["aud"] == far.address.removesuffix("/send/abc")
        assert said["sub"] == "mailto:push@shop.example"

    async def test_nothing_that_a_browser_names_is_an_outage_of_ours(self, far: FarEnd):
        verdicts = [await far.send(kind) for kind in ("later", "unauthorized", "limited", "gone")]

        assert not [each for each in verdicts if isinstance(each, TryLater) and each.is_outage]

    async def test_a_push_that_is_too_long_never_leaves(self, far: FarEnd):
        verdict = await far.send("sent", far.handover(content=Push(title="x", text="я" * 2000)))

        assert verdict == Rejected("a push to a browser has at most 3,993 bytes")
        assert far.requests() == []


@pytest.mark.parametrize(
    ("detail", "verdict"),
    [
        pytest.param({**KEYS, "auth": "AA"}, "16", id="a short secret"),
        pytest.param({**KEYS, "p256dh": to_text(b"\4" + b"\1" * 64)}, "no point of the curve", id="no point"),
        pytest.param({**KEYS, "p256dh": "!"}, "no base64url", id="no base64"),
        pytest.param({**KEYS, "p256dh": 7}, "p256dh is missing", id="no text"),
        pytest.param({**KEYS, "key": "another"}, "another key", id="of another key"),
    ],
)
async def test_a_subscription_that_nobody_could_read_is_rejected(detail: Mapping[str, Any], verdict: str):
    async with browser_end(detail) as far:
        found = await far.send("sent")

        assert isinstance(found, Rejected)
        assert verdict in found.reason
        assert far.requests() == []


def unsealed(body: bytes) -> bytes:
    """As RFC 8188 and RFC 8291 say, from the browser's side, by HMAC alone."""
    salt, size, sender, sealed = body[:16], body[20], body[21:86], body[86:]
    assert (int.from_bytes(body[16:20], "big"), size) == (4096, 65)
    shared = BROWSER.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\0" + point_of(BROWSER) + sender
    secret = _hkdf(_hmac(AUTH, shared), info, 32)
    first = _hmac(salt, secret)
    key = _hkdf(first, b"Content-Encoding: aes128gcm\0", 16)
    plain = AESGCM(key).decrypt(_hkdf(first, b"Content-Encoding: nonce\0", 12), sealed, None)
    assert plain[-1:] == b"\2"
    return plain[:-1]


def _hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return _hmac(key, info + b"\1")[:length]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def test_the_example_of_rfc_8291_is_sealed_as_it_is_printed_there():
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    number = int.from_bytes(from_text("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")

    sealed = seal(
        b"When I grow up, I want to be a watermelon",
        BrowserKeys(from_text(point), from_text("BTBZMqHH6r4Tts7J_aSIgg")),
        once=ec.derive_private_key(number, ec.SECP256R1()),
        salt=from_text("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert to_text(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_keys_of_browsers_are_read_in_both_alphabets():
    padded = {name: base64.b64encode(from_text(value)).decode() for name, value in KEYS.items()}

    assert read_browser_keys(padded) == read_browser_keys(KEYS)


def test_a_key_of_another_length_is_none():
    with pytest.raises(BadKey):
        private_key(b"short")


def test_a_push_service_hears_the_same_words_for_hours_and_new_ones_in_time():
    now = NOW
    signer = Signer(BROWSER, contact="mailto:a@b.example", clock=lambda: now)

    first = signer.header("https://push.example/1")
    again = signer.header("https://push.example/2")
    now += timedelta(hours=7)

    assert again == first
    assert signer.header("https://push.example/1") != first
