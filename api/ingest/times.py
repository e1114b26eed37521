"""When an event happened, from what clients write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that is the year 5138, as milliseconds 1973


class UnreadableTime(ValueError):
    """The text says what was expected."""


def moment(value: object) -> datetime:
    """ISO 8601 with or without a zone (then UTC), or seconds or milliseconds since 1970. Raises UnreadableTime."""
    try:
        if type(value) is str:
            return _from_text(value)
        if type(value) is int or type(value) is float:
            return _from_epoch(value)
    except (ValueError, OverflowError):
        pass
    raise UnreadableTime("must be an ISO 8601 time or seconds or milliseconds since 1970")


def corrected(moment: datetime, *, sent_at: datetime | None, received_at: datetime) -> datetime:
    """The moment by our clock, when the client's clock said `sent_at` as it sent: never after `received_at`."""
    if sent_at is not None:
        moment = received_at - (sent_at - moment)
    if moment > received_at:
        return received_at
    if moment < _EPOCH:
        raise UnreadableTime("must not be before 1970")
    return moment


def _from_text(text: str) -> datetime:
    if text.isascii() and text.isdigit() and len(text) > 8:
        return _from_epoch(int(text))
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is UTC:
        return parsed
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _from_epoch(number: float) -> datetime:
    return _EPOCH + (timedelta(milliseconds=number) if abs(number) >= _MILLISECONDS_FROM else timedelta(seconds=number))
