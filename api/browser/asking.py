"""What a script of the shop sends, and whom it speaks for."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request

from api.server.auth import key_in_header
from api.server.problems import Problem, unauthorized
from api.server.services import Services
from engine.clock import utc_now
from engine.core.identity import anonymous_key, known_key
from engine.links.customer_tokens import TokenRefused, inbox_key, read_customer

_LARGEST = 16 * 1024
_LONGEST_ID = 256


async def body_of(request: Request) -> dict[str, Any]:
    """An object in JSON, small. Raises Problem."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST:
            raise Problem(
                413, "too_large", f"the body is larger than {_LARGEST} bytes", headers={"connection": "close"}
            )
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "invalid_json", f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Problem(422, "invalid_request", "the body is an object: {…}")
    return found


def customer_of(services: Services, token: str | None) -> str:
    """The key of the customer whom a token of the shop's backend names. Raises Problem."""
    if not token:
        raise unauthorized("token_required", "give the customer's token as `Authorization: Bearer TOKEN`")
    try:
        name = read_customer(inbox_key(services.runtime.link_key), token, utc_now())
    except TokenRefused as refused:
        code = "token_expired" if refused.is_over else "invalid_token"
        raise unauthorized(code, refused.reason) from refused
    return known_key(readable(name, "sub"))


def bearer(request: Request) -> str | None:
    scheme, _, rest = request.headers.get("authorization", "").strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else None


async def sender_of(request: Request, body: dict[str, Any], services: Services) -> str | None:
    """The key of the customer: of a token, which says it, or of a write key, beside which the body says it. None: it
    says nothing. Raises Problem."""
    if "token" in body:
        return customer_of(services, _text(body, "token"))
    key = key_in_header(request.headers.get("authorization")) or _text(body, "writeKey")
    if not key or await services.keys.source_of(key) is None:
        detail = "the write key is unknown or revoked" if key else "a write key or a customer's token is required"
        raise unauthorized("invalid_write_key", detail)
    if name := _id(body, "userId"):
        return known_key(name)
    if name := _id(body, "anonymousId"):
        return anonymous_key(name)
    return None


def _id(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_ID:
        raise Problem(422, "invalid_request", f"{name} is a text of at most {_LONGEST_ID} characters")
    return readable(value, name)


def readable(text: str, name: str) -> str:
    """Raises Problem for NUL and lone surrogates, which the database cannot store."""
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise Problem(422, "invalid_request", f"{name} holds what is no character")
    return text


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
