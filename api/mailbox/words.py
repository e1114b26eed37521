"""What the page says: times in the shop's zone, a run's notes as sentences."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.storage.delivery.mailbox import RunNote

_SAID = {
    "started": "The run began with {}",
    "restarted": "It began again with {}",
    "waits": "It waited {}",
    "skipped": "It skipped {}",
    "branch": "The condition was answered with {}",
    "split": "The split took {}",
    "changed": "It changed {}",
    "emitted": "It emitted {}",
    "issued": "It issued {}",
    "called": "It told {}",
    "ended": "It ended: {}",
    "sent": "It sent {}",
    "suppressed": "It did not send {}",
    "failed": "It could not deliver {}",
    "unknown": "Nobody knows whether it sent {}",
    "withdrawn": "It took back {}",
}


#: In the record of a wait: `until 2026-03-02T10:00:00+00:00: quiet hours`, `for order_placed until …`.
_MOMENT = re.compile(r"\buntil (\d\S*[\d+Z])(?=:? |:?$)")


def zone_of(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_and_time(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """14:03 today, 21 Nov 14:03 this year, 21 Nov 2025 otherwise."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b} {local:%H:%M}"
    return f"{local.day} {local:%b %Y}"


def full_time(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M:%S}"


def sentence(note: RunNote, zone: ZoneInfo, *, is_last: bool) -> str:
    """`is_last`: a wait that nothing has come after still goes on."""
    said = _SAID.get(note.what, note.what + " {}")
    detail = note.detail
    if note.what == "waits":
        said = "It waits {}" if is_last else said
        detail = _MOMENT.sub(lambda found: f"until {_told_moment(found[1], zone)}", detail, count=1)
    return said.replace("{}", detail or "—")


def _told_moment(written: str, zone: ZoneInfo) -> str:
    with contextlib.suppress(ValueError):
        return full_time(datetime.fromisoformat(written), zone)
    return written
