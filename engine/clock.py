"""The only place that asks what time it is. Everything else is given `now`."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251
