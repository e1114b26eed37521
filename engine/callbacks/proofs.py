"""How calls prove where they come from. Every comparison takes the same time, however much of it is right."""

from __future__ import annotations

import base64
import binascii
import hmac
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha1, sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engine.callbacks import TOLERANCE, Call, Refused


def header(call: Call, name: str) -> str:
    """Raises Refused when it is not there."""
    found = call.headers.get(name)
    if not found:
        raise Refused(f"the header {name} is missing", status=401)
    return found


def check_time(seconds: str, now: datetime) -> None:
    """Of a signature. Raises Refused."""
    try:
        signed_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused("the time of the signature cannot be read") from error
    if abs(now - signed_at) > TOLERANCE:
        raise Refused("the signature is more than 5 minutes from now: it is replayed, or a clock is wrong")


def check_hmac(expected: bytes, given: bytes) -> None:
    if not hmac.compare_digest(expected, given):
        raise Refused("the signature is wrong")


def check_ecdsa(key: str, signed: bytes, signature: str) -> None:
    """`key`: the public one, DER in base64. Raises Refused."""
    try:
        public = load_der_public_key(base64.b64decode(_bare(key), validate=True))
    except (ValueError, binascii.Error, TypeError) as error:
        raise Refused("the verification key of this server cannot be read", status=403) from error
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise Refused("the verification key of this server is of another kind")
    try:
        public.verify(decoded(signature), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused("the signature is wrong") from error


def check_secret(call: Call, secret: str) -> None:
    """`user:password` by HTTP Basic, or the secret as Bearer or in X-Kogda-Secret. Raises Refused."""
    scheme, _, rest = call.headers.get("authorization", "").strip().partition(" ")
    given = call.headers.get("x-kogda-secret", "")
    if scheme.lower() == "bearer":
        given = rest.strip()
    elif scheme.lower() == "basic":
        with suppress(Refused, UnicodeDecodeError):
            given = decoded(rest.strip()).decode()
    if not given:
        raise Refused("nothing shows who calls: give the secret by HTTP Basic or X-Kogda-Secret", status=401)
    same = hmac.compare_digest(given.encode(), secret.encode())
    # A user name is asked for where there may be none in the secret: then the password alone counts.
    alone = hmac.compare_digest(given.partition(":")[2].encode(), secret.encode()) and ":" not in secret
    if not (same or alone):
        raise Refused("the secret is wrong")


def hmac_sha256(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, sha256).digest()


def hmac_sha1(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, sha1).digest()


def decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused("the signature is no base64") from error


def _bare(key: str) -> str:
    """Without the lines that a PEM file has around it."""
    return "".join(line.strip() for line in key.replace("\\n", "\n").splitlines() if not line.startswith("-----"))
