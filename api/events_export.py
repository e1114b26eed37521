"""Events from a file: NDJSON, one event a line in the form in which the server takes them, or CSV with a head line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from api.ingest.names import event_name, trait_names
from dsl.messages import say
from dsl.plan import JSON
from engine.core.identity import anonymous_key, known_key
from engine.errors import ConfigurationError

EVENT = ("event", "name")
KNOWN = ("userId", "customer", "customer_id", "user_id")
ANONYMOUS = ("anonymousId", "anonymous_id")
TIME = ("timestamp", "at", "time", "occurred_at", "originalTimestamp", "sentAt")
VALUES = ("properties", "traits", "data")
_TRACK = ("track", None)


class ExportedEvent(NamedTuple):
    """`name` is "" for an identification: `values` are traits then."""

    customer: str  # the key: "u:42"
    name: str
    at: datetime
    values: dict[str, JSON]


def read_export(path: Path) -> Iterator[ExportedEvent]:
    """Raises ConfigurationError that names the line at fault. Fields of a CSV that are no envelope are properties."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            read = csv.DictReader(lines) if path.suffix.lower() == ".csv" else _objects(lines, path)
            for number, fields in enumerate(read, 2 if path.suffix.lower() == ".csv" else 1):
                if fields:
                    yield _event(fields, path, number)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or say("this is no UTF-8 text")
        raise ConfigurationError(say("{path} cannot be read: {reason}", path=path, reason=reason)) from None
    except csv.Error as error:
        raise ConfigurationError(say("{path} cannot be read: {reason}", path=path, reason=error)) from None


def _objects(lines: Iterator[str], path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            read: Any = orjson.loads(line) if line != "\n" else {}
        except ValueError:
            read = None if line.strip() else {}
        if not isinstance(read, dict):
            place = f"{path}:{number}"
            raise ConfigurationError(say("{place} is no event: one JSON object a line", place=place))
        yield read


def _event(fields: Mapping[str, Any], path: Path, line: int) -> ExportedEvent:
    return _plain(fields) or _any_event(fields, path, line)


def _plain(fields: Mapping[str, Any]) -> ExportedEvent | None:
    """A track call in the server's own form, as most lines are; None: it must be looked at more closely."""
    try:
        name, key, values = fields["event"], fields["userId"], fields["properties"]
        at = datetime.fromisoformat(fields["timestamp"])
    except (LookupError, TypeError, ValueError):
        return None
    if not (name and key and type(name) is str and type(key) is str and type(values) is dict and at.tzinfo):
        return None
    return ExportedEvent(_known_key(key), event_name(name), at, values) if fields.get("type") in _TRACK else None


def _any_event(fields: Mapping[str, Any], path: Path, line: int) -> ExportedEvent:
    is_identify = fields.get("type") == "identify"
    key, name, at = _key(fields), _first(fields, EVENT), _moment(_first(fields, TIME))
    if key is None or at is None or (name is None and not is_identify):
        place = f"{path}:{line}"
        raise ConfigurationError(say("{place} is no event: it needs `event`, `userId` and `timestamp`", place=place))
    values = _first(fields, VALUES)
    if not isinstance(values, dict):
        envelope = {*EVENT, *KNOWN, *ANONYMOUS, *TIME, *VALUES, "type", "messageId"}
        values = {str(name): _cell(value) for name, value in fields.items() if name not in envelope and value}
    if is_identify:
        return ExportedEvent(key, "", at, trait_names(values))
    return ExportedEvent(key, event_name(str(name)), at, values)


def _key(fields: Mapping[str, Any]) -> str | None:
    known = _first(fields, KNOWN)
    if known is not None:
        return _known_key(str(known))
    anonymous = _first(fields, ANONYMOUS)
    return anonymous_key(str(anonymous)) if anonymous is not None else None


@lru_cache(maxsize=100_000)
def _known_key(customer: str) -> str:
    """One text for all events of a customer."""
    return known_key(customer)


def _cell(value: Any) -> JSON:
    """A number, yes or no in a CSV is meant as one; a number that begins with 0 is a text, such as a phone's."""
    if not isinstance(value, str):
        return None
    if value in ("true", "false"):
        return value == "true"
    if value.startswith("0") and value[1:2].isdigit():
        return value
    try:
        return int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        return value


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = fields.get(name)
        if value is not None and value != "":
            return value
    return None


def _moment(value: Any) -> datetime | None:
    try:
        if type(value) is str and value.isdecimal() and len(value) > 8:
            value = int(value)
        if type(value) is int or type(value) is float:
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
