"""Write keys: `wk_<12 hexadecimal digits>.<secret>`. The part before the dot is public, the secret is never stored.

A key's name is the `source` of its events. Keys of one name are one source, so a key can be replaced without
counting the events that clients send again a second time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from engine.storage.database import Connection

_NAME = re.compile(r"[\w.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteKey:
    id: str
    name: str
    secret_hash: bytes
    last4: str
    created_at: datetime
    revoked_at: datetime | None


def is_source_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def hash_of_key(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


async def create_write_key(connection: Connection, name: str) -> str:
    """The whole key, which cannot be had again."""
    public = f"wk_{secrets.token_hex(6)}"
    key = f"{public}.{secrets.token_urlsafe(24)}"
    await connection.execute(
        "INSERT INTO write_key (id, name, secret_hash, last4) VALUES ($1, $2, $3, $4)",
        public,
        name,
        hash_of_key(key),
        key[-4:],
    )
    return key


async def revoke_write_key(connection: Connection, key_id: str) -> bool:
    """False when there is no such key. Revoking twice keeps the first time."""
    status = await connection.execute(
        "UPDATE write_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1", key_id
    )
    return status == "UPDATE 1"


async def all_write_keys(connection: Connection) -> list[WriteKey]:
    """Newest first, the revoked ones too."""
    rows = await connection.fetch(
        "SELECT id, name, secret_hash, last4, created_at, revoked_at FROM write_key ORDER BY created_at DESC, id"
    )
    return [WriteKey(**dict(row)) for row in rows]
