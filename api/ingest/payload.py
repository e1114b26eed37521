"""The bytes of a request -> JSON. By content, never by header: real clients send gzip as a form and JSON as text."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import orjson

from api.server.problems import Problem

MAX_RATIO = 200  # unpacked to packed; honest batches of similar events reach 50
_GZIP = b"\x1f\x8b"
_PIECE = 16 * 1024  # the end of a member copies what is left of its piece: of the whole body, ten thousand times
_BOM = b"\xef\xbb\xbf"
_NUL = b"\\u0000"


@dataclass(frozen=True, slots=True)
class Payload:
    content: Any
    may_hold_nul: bool
    is_lenient: bool  # it holds what JSON or the database forbid; the items at fault must be found


def unpacked(raw: bytes, max_bytes: int) -> bytes:
    """Raises Problem 400 for broken gzip, 413 for what is too large once unpacked."""
    return _from_gzip(raw, max_bytes) if raw.startswith(_GZIP) else raw


def payload_of(body: bytes) -> Payload:
    """Raises Problem 400 for what is not JSON."""
    body = body.removeprefix(_BOM)
    try:
        return Payload(orjson.loads(body), _NUL in body, is_lenient=False)
    except orjson.JSONDecodeError as error:
        return _lenient(body, error)


def too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        "too_large",
        f"the body is larger than {max_bytes} bytes; send smaller batches",
        headers={"connection": "close"},
    )


def _from_gzip(raw: bytes, max_bytes: int) -> bytes:
    """One member or several, one after the other (RFC 1952), within one limit for all."""
    most = min(max_bytes, len(raw) * MAX_RATIO)
    content, at = bytearray(), 0
    while at < len(raw):
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            if at == len(raw):
                raise Problem(400, "invalid_gzip", "the body begins like gzip but does not end as gzip ends")
            piece = raw[at : at + _PIECE]
            content += _unpack(unpacker, piece, most + 1 - len(content))
            if len(content) > most:
                raise too_large(max_bytes)
            at += len(piece) - len(unpacker.unused_data)
    return bytes(content)


def _unpack(unpacker: zlib._Decompress, piece: bytes, most: int) -> bytes:
    try:
        return unpacker.decompress(piece, most)
    except zlib.error as error:
        raise Problem(400, "invalid_gzip", f"the body begins like gzip but cannot be unpacked: {error}") from error


def _lenient(raw: bytes, error: orjson.JSONDecodeError) -> Payload:
    """NaN, 1e400, half surrogates, invalid UTF-8: Python's parser lets them in, so that only their items fail."""
    try:
        content = json.loads(raw.decode("utf-8", "surrogateescape"), parse_int=_number)
    except (ValueError, RecursionError):
        raise Problem(
            400, "invalid_json", f"the body is neither JSON in UTF-8 nor such JSON packed by gzip: {error}"
        ) from error
    return Payload(content, may_hold_nul=True, is_lenient=True)


def _number(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)
