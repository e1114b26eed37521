"""The only place that asks what time it is. Everything else is given `now`."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


def monotonic() -> float:
    """Seconds that have passed for this process, from no moment in particular: for leases and pauses. Looked up at each
    call, so that a simulation may turn the clock."""
    return time.monotonic()
