"""What a browser or a mail program posts: small, and never trusted."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

_LARGEST = 16 * 1024


async def posted(request: Request) -> dict[str, list[str]]:
    """The fields of a form. A mail program may also post its one field as multipart (RFC 8058), or nothing at all: that
    says no more than the address does, so what is not a form counts as empty."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return {}
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=500)
    except (UnicodeDecodeError, ValueError):
        return {}


def one(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]
