"""The mails of a server without an SMTP provider, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.storage.database import Connection
from engine.storage.runs.stories import AS_WRITTEN


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """A line of the list."""

    id: int
    message: UUID
    at: datetime
    recipient: str
    subject: str
    rule: str
    template: str
    channel: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    message: UUID
    at: datetime
    recipient: str
    subject: str
    rule: str
    template: str
    partition: int  # of its run
    run: UUID
    raw: bytes  # RFC 5322
    channel: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNote:
    """A line of the record of a mail's run, why it was sent, or what became of one of its messages."""

    at: datetime
    what: str
    detail: str
    line: int


async def keep_mail(connection: Connection, mail: NewMail) -> None:
    """The same message again is the same mail."""
    await connection.execute(
        """
        INSERT INTO mailbox (message, at, recipient, subject, rule, template, partition, run, raw, channel)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (message) DO NOTHING
        """,
        mail.message,
        mail.at,
        mail.recipient,
        mail.subject,
        mail.rule,
        mail.template,
        mail.partition,
        mail.run,
        mail.raw,
        mail.channel,
    )


async def kept_mails(
    connection: Connection, *, before: int | None = None, after: int = 0, search: str = "", limit: int = 50
) -> list[KeptMail]:
    """Newest first, between the ids `after` and `before`; `search` is looked for in recipient, subject and rule. Only
    what is asked for is said: a plan for all that might be asked goes through the newer mails to an older page."""
    given: list[object] = [limit, after]
    conditions = ["id > $2"]
    if before is not None:
        given.append(before)
        conditions.append(f"id < ${len(given)}")
    if search:
        given.append(search)
        conditions.append(f"position(lower(${len(given)}) IN lower(recipient || ' ' || subject || ' ' || rule)) > 0")
    rows = await connection.fetch(
        f"""
        SELECT id, message, at, recipient, subject, rule, template, channel FROM mailbox
        WHERE {" AND ".join(conditions)} ORDER BY id DESC LIMIT $1
        """,  # noqa: S608
        *given,
    )
    return [KeptMail(**row) for row in rows]


async def triggers_of(connection: Connection, mails: Sequence[int]) -> dict[int, str]:
    """By mail, the event that its run began with last."""
    rows = await connection.fetch(
        """
        SELECT b.id, n.detail FROM mailbox b CROSS JOIN LATERAL (
            SELECT detail FROM run_note WHERE partition = b.partition AND run = b.run
              AND what IN ('started', 'restarted') AND at <= b.at ORDER BY at DESC LIMIT 1
        ) n WHERE b.id = ANY($1::bigint[])
        """,
        mails,
    )
    return {row["id"]: row["detail"] for row in rows}


async def shop_facts(connection: Connection) -> dict[str, str]:
    """Name and time zone of the workspace that is live."""
    row = await connection.fetchrow(
        """
        SELECT coalesce(s.settings ->> 'name', '') AS name, coalesce(s.plan ->> 'timezone', 'UTC') AS timezone
        FROM publication p JOIN rule_set s ON s.id = p.rule_set ORDER BY p.id DESC LIMIT 1
        """
    )
    return dict(row) if row else {"name": "", "timezone": "UTC"}


async def kept_mail(connection: Connection, mail: int) -> tuple[KeptMail, bytes, list[RunNote]] | None:
    """One mail, its bytes, and what its run noted and what became of its messages up to now, oldest first."""
    row = await connection.fetchrow(
        """
        SELECT id, message, at, recipient, subject, rule, template, channel, partition, run, raw
        FROM mailbox WHERE id = $1
        """,
        mail,
    )
    if row is None:
        return None
    notes = await connection.fetch(
        f"""
        SELECT at, what, detail, line FROM run_note WHERE partition = $1 AND run = $2
        ORDER BY {AS_WRITTEN} LIMIT 100
        """,  # noqa: S608
        row["partition"],
        row["run"],
    )
    settled = await _settled_messages(connection, row["partition"], row["run"])
    kept = KeptMail(**{name: row[name] for name in KeptMail.__slots__})
    return kept, row["raw"], sorted([*(RunNote(**note) for note in notes), *settled], key=lambda note: note.at)


async def _settled_messages(connection: Connection, partition: int, run: UUID) -> list[RunNote]:
    """Those put off, and those to webhooks and to the staff, have notes of their own."""
    rows = await connection.fetch(
        """
        SELECT settled_at AS at, state AS what, concat_ws(': ', channel || ' "' || template || '"', reason) AS detail,
               0 AS line
        FROM message
        WHERE partition = $1 AND run = $2 AND settled_at IS NOT NULL
          AND state <> 'postponed' AND channel NOT IN ('webhook', 'staff')
        ORDER BY settled_at LIMIT 100
        """,
        partition,
        run,
    )
    return [RunNote(**row) for row in rows]
