"""The keys that mails are signed with: named in kogda.yaml, held by the environment or a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.channels.credentials import Credentials
from engine.channels.dkim import DkimKey, NoDkimKey, read_key
from engine.errors import NotReady


def dkim_keys(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[DkimKey, ...]:
    """Raises NotReady: a mail that should be signed never goes out unsigned."""
    written = settings.get("dkim")
    return tuple(_key(each, secrets) for each in written) if written else ()


def _key(written: Mapping[str, str], secrets: Mapping[str, str]) -> DkimKey:
    variable, path = written.get("key_env"), written.get("key_file")
    where = variable or path or ""
    pem = Credentials(secrets)[variable] if variable else _contents(Path(where))
    try:
        read_key(pem)
    except NoDkimKey as error:
        raise NotReady(f"{where} holds no DKIM key: {error}") from error
    return DkimKey(written["domain"], written["selector"], pem)


def _contents(path: Path) -> str:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise NotReady(f"the DKIM key in {path} cannot be read") from error


@lru_cache(16)
def _read(path: Path, _changed_at: int) -> str:
    return path.read_text(encoding="ascii")
