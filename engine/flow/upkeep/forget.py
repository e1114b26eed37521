"""Deletes what was kept long enough, by the settings."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from engine.failpoints import reach
from engine.runtime import Runtime
from engine.storage.retention import AT_ONCE, delete_old

_MOST_ROUNDS = 100
#: How long a call of a provider is known when it comes again: longer than any of them tries.
_CALLBACKS = timedelta(days=30)


async def forget_old(runtime: Runtime) -> Counter[str]:
    """Rows deleted, by table. What is left after many rounds goes the next time."""
    keep = {
        "mailbox": timedelta(days=runtime.settings.keep_mailbox_days),
        "reject": timedelta(days=runtime.settings.keep_rejects_days),
        "hit": timedelta(days=runtime.settings.keep_hits_days),
        "callback": _CALLBACKS,
        "inbox_message": timedelta(days=runtime.settings.keep_inbox_days),
    }
    total: Counter[str] = Counter()
    for _ in range(_MOST_ROUNDS):
        async with runtime.database.transaction() as connection:
            deleted = await delete_old(connection, keep)
            reach("forget.deleted")
        reach("forget.committed")
        total.update(deleted)
        keep = {table: length for table, length in keep.items() if deleted[table] == AT_ONCE}
        if not keep:
            break
    return total
