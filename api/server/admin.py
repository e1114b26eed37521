"""Who may use the management API."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import Request

from api.server.auth import key_in_header
from api.server.problems import Problem, unauthorized
from api.server.services import Served
from engine.storage.write_keys import hash_of_key

#: In the OpenAPI description.
ADMIN_SCHEMES = {
    "adminKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "KOGDA_ADMIN_KEY; without one only from this machine",
    },
    "adminKeyBasic": {"type": "http", "scheme": "basic", "description": "the same as user, an empty password"},
}
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
_FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "cf-connecting-ip"}
)


async def require_admin(request: Request, services: Served) -> None:
    """The admin key as Bearer or Basic; without one configured, only programs on this very machine come in."""
    settings = services.runtime.settings
    if settings.admin_key is None:
        if not _is_from_here(request):
            raise Problem(403, "admin_key_required", "set KOGDA_ADMIN_KEY to use the management API from elsewhere")
        return
    given = key_in_header(request.headers.get("authorization")) or ""
    if not hmac.compare_digest(hash_of_key(settings.admin_key.get_secret_value()), hash_of_key(given)):
        raise unauthorized("invalid_admin_key", "give KOGDA_ADMIN_KEY as `Authorization: Bearer KEY`")


def _is_from_here(request: Request) -> bool:
    """A proxy on this machine speaks for others, and so may a web page whose name was made to point here."""
    if any(name in request.headers for name in _FORWARDED) or request.client is None:
        return False
    if request.scope.get("http_version") == "1.0":
        return False  # nginx as it comes: its own address as Host, no other trace of whom it speaks for
    if request.url.hostname not in _LOOPBACK_NAMES:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
