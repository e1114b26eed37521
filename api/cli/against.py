"""`--against`: the customers' own numbers, from a server or from an export of events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.running_server import told_by_server
from dsl.around import Observed
from dsl.catalog import Catalog
from dsl.messages import say
from engine.errors import ConfigurationError
from engine.flow.checking.observed import Happening, observe, observed_from_json

EVENT = ("event", "name")
CUSTOMER = ("userId", "customer", "customer_id", "user_id", "anonymousId")
TIME = ("timestamp", "at", "time", "occurred_at", "originalTimestamp", "sentAt")
VALUES = ("properties", "traits", "data")


def observed_of(against: str, catalog: Catalog) -> Observed:
    """Raises ConfigurationError when there are no numbers to be had."""
    if against.startswith(("http://", "https://")):
        return _of_server(against)
    observed = observe(_of_file(Path(against)), catalog)
    if observed is None:
        raise ConfigurationError(say("{path} holds no events", path=against))
    return observed


def _of_server(url: str) -> Observed:
    try:
        return observed_from_json(told_by_server(url, "/api/observed"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(say("no numbers from {url}: {reason}", url=url, reason=error)) from None


def _of_file(path: Path) -> Iterator[Happening]:
    """One event a line, in the form in which the server takes them. Other lines are a mistake."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _happening(line, f"{path}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or say("this is no UTF-8 text")
        raise ConfigurationError(say("{path} cannot be read: {reason}", path=path, reason=reason)) from None


def _happening(line: str, place: str) -> Happening:
    try:
        read = json.loads(line)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise ConfigurationError(say("{place} is no event: one JSON object a line", place=place))
    known = read.get("type") == "identify"
    name, customer, at = _first(read, EVENT), _first(read, CUSTOMER), _moment(_first(read, TIME))
    if customer is None or at is None or (name is None and not known):
        raise ConfigurationError(say("{place} is no event: it needs `event`, `userId` and `timestamp`", place=place))
    values = _first(read, VALUES)
    having = frozenset(key for key, value in values.items() if value is not None) if isinstance(values, dict) else ()
    return Happening(None if known else str(name), str(customer), at, frozenset(having))


def _first(read: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((read[name] for name in names if read.get(name) is not None), None)


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
