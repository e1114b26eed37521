"""Standard Webhooks: how a receiver knows that a call is ours, fresh, and which one it is.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes, as the standard asks


class NoSecret(ValueError):
    """What should be a secret is none. The text says why, without it."""


def read_secret(written: str) -> bytes:
    """`whsec_` and base64. Raises NoSecret."""
    try:
        secret = base64.b64decode(written.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoSecret(f"not {PREFIX} and base64") from error
    if not _SHORTEST <= len(secret) <= _LONGEST:
        raise NoSecret(f"{len(secret)} bytes, and {_SHORTEST} to {_LONGEST} are needed")
    return secret


def signed_headers(message: UUID, body: bytes, secret: bytes, *, at: datetime) -> dict[str, str]:
    """The id is the same at each attempt, the signature is not: receivers refuse what is older than minutes."""
    name, seconds = f"msg_{message.hex}", str(int(at.timestamp()))
    signature = hmac.new(secret, b".".join((name.encode(), seconds.encode(), body)), sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }
