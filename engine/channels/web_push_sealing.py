"""What a push service carries and cannot read: RFC 8291 (aes128gcm of RFC 8188), and who sends it: RFC 8292 (VAPID)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.base64url import from_text, to_text

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: Every push service takes 4,096 bytes: 86 of them are a head, 16 a tag, one says that it is the last record.
_RECORD = 4096
MOST = _RECORD - 86 - 16 - 1


class BadKey(ValueError):
    """It is no key of the kind that is meant. The text says why, and nothing of the key."""


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """What a browser gives out with its subscription, in bytes."""

    p256dh: bytes  # an uncompressed point
    auth: bytes  # 16 bytes

    @property
    def point(self) -> ec.EllipticCurvePublicKey:
        """Raises BadKey."""
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, self.p256dh)
        except ValueError as error:
            raise BadKey("p256dh is no point of the curve P-256") from error


def read_browser_keys(written: Mapping[str, Any]) -> BrowserKeys:
    """Of `{"p256dh": …, "auth": …}` as `PushSubscription.toJSON()` gives them. Raises BadKey."""
    keys = BrowserKeys(_named(written, "p256dh"), _named(written, "auth"))
    if len(keys.p256dh) != 65 or len(keys.auth) != 16:
        raise BadKey("p256dh has 65 bytes and auth 16")
    _ = keys.point
    return keys


def _named(written: Mapping[str, Any], name: str) -> bytes:
    value = written.get(name)
    if not isinstance(value, str):
        raise BadKey(f"keys.{name} is missing")
    return key_bytes(value)


def seal(
    plain: bytes,
    keys: BrowserKeys,
    *,
    once: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """One record. A key and a salt are used once: they are drawn unless a test gives them. Raises BadKey."""
    once, salt = once or ec.generate_private_key(_CURVE), salt or os.urandom(16)
    ours = point_of(once)
    shared = once.exchange(ec.ECDH(), keys.point)
    secret = _derived(shared, keys.auth, b"WebPush: info\0" + keys.p256dh + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4, "big") + len(ours).to_bytes(1, "big") + ours
    return head + AESGCM(key).encrypt(nonce, plain + b"\2", None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def private_key(number: bytes) -> ec.EllipticCurvePrivateKey:
    """Of 32 bytes that somebody drew. Raises BadKey."""
    if len(number) != 32:
        raise BadKey("a private key has 32 bytes, 43 letters and digits")
    return ec.derive_private_key(int.from_bytes(number, "big") % (_ORDER - 1) + 1, _CURVE)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def signed_claims(key: ec.EllipticCurvePrivateKey, *, audience: str, contact: str, until: int) -> str:
    """The header `authorization` for one push service. `until` at most a day away, in seconds since 1970."""
    claims = {"aud": audience, "exp": until, "sub": contact}
    parts = [to_text(orjson.dumps(each)) for each in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = to_text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={to_text(point_of(key))}"


def key_bytes(written: str) -> bytes:
    """Both alphabets, with or without `=`. Raises BadKey."""
    try:
        plain = written.strip().replace("+", "-").replace("/", "_").rstrip("=")
        if len(plain) > 200 or not plain.isascii():
            raise BadKey("it is no base64url")
        return from_text(plain)
    except ValueError as error:
        raise BadKey("it is no base64url") from error
