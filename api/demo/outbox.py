"""What the server did, read from its tables while it does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class Settled:
    """One message that was sent, or was not, and why."""

    id: UUID
    at: datetime
    to: str | None
    template: str
    rule: str
    state: str
    reason: str | None
    subject: str | None  # of a mail in the mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How the day ended."""

    events: int
    rejected: int
    undecided: int
    runs: int
    waiting: int
    held_out: int
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)  # template, state
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)  # of messages that were not sent: state, reason
    quarantined: int


class Outbox:
    """Reads by one connection. `news()` gives each message once, when it is settled."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._seen: set[UUID] = set()
        self.mails: set[tuple[str, str]] = set()  # address, template: of those that were sent

    async def news(self) -> list[Settled]:
        rows = await self._connection.fetch(
            """
            SELECT m.id, m.settled_at, m.address, m.template, m.rule, m.state, m.reason, b.subject
            FROM message m LEFT JOIN mailbox b ON b.message = m.id
            WHERE m.settled_at IS NOT NULL ORDER BY m.settled_at
            """
        )
        fresh = [Settled(*row) for row in rows if row["id"] not in self._seen]
        self._seen.update(message.id for message in fresh)
        self.mails.update((message.to, message.template) for message in fresh if message.to and message.state == "sent")
        return fresh

    async def fates(self, mails: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Of mails that did not arrive, by address and template: how they stand, and why. Those that nobody has
        decided to send are not there."""
        wanted = set(mails)
        rows = await self._connection.fetch(
            """
            SELECT c.email, m.template, m.state, m.reason
            FROM message m JOIN customer c ON c.partition = m.partition AND c.id = m.customer
            WHERE c.email = ANY($1) AND m.state <> 'sent' ORDER BY m.created_at
            """,
            sorted({address for address, _ in wanted}),
        )
        return {
            (row["email"], row["template"]): f"{row['state']}, {row['reason']}" if row["reason"] else row["state"]
            for row in rows
            if (row["email"], row["template"]) in wanted
        }

    async def under_way(self, mails: Iterable[tuple[str, str]], *, within: timedelta) -> int:
        """How much the server still has to do before it can be said that these mails do not come: events that are
        not decided, and of their customers messages, verdicts and timers that are due `within` that time."""
        found: int = await self._connection.fetchval(
            """
            WITH person AS (SELECT partition, id FROM customer WHERE email = ANY($1))
            SELECT (SELECT count(*) FROM event e JOIN partition_cursor c USING (partition)
                    WHERE (e.xid, e.seq) > (c.xid, c.seq) AND e.kind < 3)
                 + (SELECT count(*) FROM message m JOIN person p ON p.partition = m.partition AND p.id = m.customer
                    WHERE m.state IN ('queued', 'sending') AND m.due_at < now() + $2)
                 + (SELECT count(*) FROM outcome o JOIN person p ON p.partition = o.partition AND p.id = o.customer)
                 + (SELECT count(*) FROM run r JOIN person p ON p.partition = r.partition AND p.id = r.customer
                    WHERE r.wake_at < now() + $2)
            """,
            sorted({address for address, _ in mails}),
            within,
        )
        return found

    async def totals(self) -> Totals:
        counts = await self._connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM event WHERE kind < 3) AS events,
                   (SELECT count(*) FROM reject) AS rejected,
                   (SELECT count(*) FROM event e JOIN partition_cursor c USING (partition)
                    WHERE (e.xid, e.seq) > (c.xid, c.seq) AND e.kind < 3) AS undecided,
                   (SELECT count(*) FROM run) AS runs,
                   (SELECT count(*) FROM run WHERE ended_at IS NULL) AS waiting,
                   (SELECT count(*) FROM run WHERE end_reason = 'holdout') AS held_out,
                   (SELECT count(*) FROM quarantine) AS quarantined
            """
        )
        assert counts is not None
        messages = await self._connection.fetch(
            "SELECT template, state, reason, count(*) FROM message GROUP BY 1, 2, 3"
        )
        by_state: Counter[tuple[str, str]] = Counter()
        reasons: Counter[tuple[str, str]] = Counter()
        for template, state, reason, count in messages:
            by_state[template, state] += count
            if state != "sent":
                reasons[state, reason or state] += count
        return Totals(**dict(counts), messages=by_state, reasons=reasons)
