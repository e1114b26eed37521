"""Who a page of the shop speaks for: a token that the shop's backend signs for its customer, a JWT by HS256.

A write key stands in every page and says nothing about who reads it; so what one customer alone may see needs this.
The key that signs is made from the installation's own, known to the shop's backend and to no browser.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from engine.base64url import from_text, to_text

#: A token that stands in a page must come to an end.
LONGEST_LIFE = timedelta(days=31)
_LONGEST = 2000  # characters
_DRIFT_S = 60  # clocks of two machines


@dataclass(frozen=True, slots=True)
class TokenRefused(Exception):
    """`is_over`: it was right once; the page asks its backend for another."""

    reason: str
    is_over: bool = False


def inbox_key(link_key: bytes) -> str:
    """What the shop's backend signs with, as it is printed: the text itself is the key."""
    digest = hmac.new(link_key, b"inbox", sha256).digest()
    return "ik_" + to_text(digest)


def sign_customer(key: str, customer: str, *, until: datetime) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": customer, "exp": int(until.timestamp())})
    signed = ".".join(to_text(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{to_text(_mac(key, signed))}"


def read_customer(key: str, token: str, now: datetime) -> str:
    """The userId. Raises TokenRefused."""
    head, claims, signature = _parts(token)
    signed = token.rpartition(".")[0]
    if not hmac.compare_digest(_mac(key, signed), signature):
        raise TokenRefused("the token is not signed with the inbox key of this server")
    if not isinstance(head, dict) or head.get("alg") != "HS256" or not isinstance(claims, dict):
        raise TokenRefused("the token is not signed by HS256")
    _check_time(claims.get("exp"), now)
    customer = claims.get("sub")
    if isinstance(customer, int) and not isinstance(customer, bool):
        customer = str(customer)
    if not isinstance(customer, str) or not customer or len(customer) > 256 or "\0" in customer:
        raise TokenRefused("the token has no userId as `sub`")
    return customer


def _check_time(until: Any, now: datetime) -> None:
    if not isinstance(until, int | float) or isinstance(until, bool):
        raise TokenRefused("the token has no end: `exp`, in seconds since 1970")
    left = until - now.timestamp()
    if not left >= -_DRIFT_S:
        raise TokenRefused("the token is over", is_over=True)
    if left > LONGEST_LIFE.total_seconds() + _DRIFT_S:
        raise TokenRefused(f"the token would live longer than {LONGEST_LIFE.days} days")


def _parts(token: str) -> tuple[Any, Any, bytes]:
    if len(token) > _LONGEST or not token.isascii() or token.count(".") != 2:
        raise TokenRefused("it is no token")
    try:
        head, claims, signature = map(from_text, token.split("."))
        return json.loads(head), json.loads(claims), signature
    except (ValueError, RecursionError) as error:
        raise TokenRefused("it is no token") from error


def _mac(key: str, signed: str) -> bytes:
    return hmac.new(key.encode(), signed.encode(), sha256).digest()
