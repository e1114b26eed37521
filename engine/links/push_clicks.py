"""A push that is pressed says which message it was: signed, so that nobody can say it of another."""

from __future__ import annotations

from uuid import UUID

from engine.links.tokens import open_token, sign

_PURPOSE = "push clicked"


def sign_click(key: bytes, partition: int, message: UUID) -> str:
    return sign(key, _PURPOSE, (partition, message))


def open_click(key: bytes, token: str) -> tuple[int, UUID] | None:
    match open_token(key, _PURPOSE, token):
        case (int() as partition, UUID() as message):
            return partition, message
        case _:
            return None
