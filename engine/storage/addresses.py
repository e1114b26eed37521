"""What KOGDA_DATABASE_URL says besides where PostgreSQL is: whether a pooler stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg

_PARAMETER = "pool_mode"
_MODES = {"session": False, "transaction": True}


@dataclass(frozen=True, slots=True)
class Address:
    """`url` without the parameter that is ours."""

    url: str
    is_shared: bool  # each transaction may meet another connection of the server: nothing is prepared beyond one

    @property
    def options(self) -> dict[str, Any]:
        """For asyncpg. Without its cache, each statement is parsed anew, together with its first use."""
        return {"statement_cache_size": 0} if self.is_shared else {}

    @property
    def sqlalchemy_options(self) -> dict[str, Any]:
        """For the dialect, which would name its statements. Those without a name are forgotten by the server itself."""
        if not self.is_shared:
            return {}
        return {**self.options, "prepared_statement_cache_size": 0, "prepared_statement_name_func": str}


def address(url: str) -> Address:
    """`…?pool_mode=transaction`: PgBouncer, or another pooler, gives out connections for a transaction."""
    parts = urlsplit(url)
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    mode = dict(parameters).get(_PARAMETER)
    if mode not in _MODES:
        return Address(url, False)
    kept = urlencode([each for each in parameters if each[0] != _PARAMETER], quote_via=quote, safe="")
    return Address(parts._replace(query=kept).geturl(), _MODES[mode])


async def connect(url: str, *, timeout_s: float) -> asyncpg.Connection[asyncpg.Record]:
    """A connection outside of any pool of ours."""
    at = address(url)
    return await asyncpg.connect(at.url, timeout=timeout_s, **at.options)
