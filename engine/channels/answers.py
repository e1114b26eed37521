"""What providers answer in JSON, and what it means when they do not."""

from __future__ import annotations

from typing import Any

import orjson

from engine.channels import Rejected, TryLater, Unknown
from engine.channels.http_post import Answer

#: A proxy in front of the provider has lost it: the provider may have heard us.
_LOST_BEHIND = frozenset({502, 504})
_LATER = frozenset({408, 425, 429})
_NOT_US = frozenset({401, 403, 407})


def json_of(answer: Answer) -> dict[str, Any] | None:
    """The object that the body holds as JSON; None when it holds none."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def not_its_own(answer: Answer) -> Rejected | TryLater | Unknown:
    """The verdict on an answer that is not the provider's own: a page of a proxy, a firewall or another host."""
    kind = answer.kind.partition(";")[0].strip() or "something else"
    said = f"{answer.host} answered {answer.status} with {kind}, not JSON"
    if 200 <= answer.status < 300 or answer.status in _LOST_BEHIND:
        return Unknown(f"{said}: is the address right?")
    return TryLater(f"{said}: something in between answered", after=answer.retry_after, is_outage=True)


def by_status(answer: Answer, said: str) -> Rejected | TryLater | Unknown:
    """The verdict by the HTTP status, when the provider's own code decides nothing. `said`: its own words."""
    reason = f"{answer.host} answered {answer.status}{': ' + said if said else ''}"
    if answer.status in _LOST_BEHIND:
        return Unknown(reason)
    if answer.status in _LATER or answer.status >= 500:
        return TryLater(reason, after=answer.retry_after, is_outage=answer.status >= 500)
    if answer.status in _NOT_US:
        return TryLater(reason, is_outage=True)  # the operator must look at the credentials; messages wait
    return Rejected(reason)


def words_of(value: object) -> str:
    return " ".join(str(value or "").split())[:200]
