"""What is held of one person, table by table: read in full for an export, removed or made nobody's for an erasure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.customers.bulk import WITH_SAME
from engine.storage.database import Connection


class Self(NamedTuple):
    """One customer row of a person: merged ones are rows of their own."""

    partition: int
    id: UUID
    key: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """All customers that were merged into one."""

    customers: Sequence[Self]
    root: UUID

    @property
    def places(self) -> tuple[list[int], list[UUID]]:
        return [each.partition for each in self.customers], [each.id for each in self.customers]

    @property
    def partitions(self) -> list[int]:
        return sorted({each.partition for each in self.customers})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the person was or is reached, by channel."""

    known: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def columns(self) -> tuple[list[str], list[str]]:
        return [channel for channel, _ in self.known], [address for _, address in self.known]


async def person_of(connection: Connection, partition: int, root: UUID, *, lock: bool = False) -> Person | None:
    """None: nobody is known there. Locked, nobody writes down a reaction of theirs meanwhile."""
    rows = await connection.fetch(
        f"""
        {WITH_SAME}
        SELECT c.partition, c.id, c.key, c.email, c.phone FROM customer c
        WHERE (c.partition, c.id) IN (SELECT partition, id FROM same)
        ORDER BY c.id {"FOR UPDATE OF c" if lock else ""}
        """,  # noqa: S608
        partition,
        root,
    )
    return Person([Self(*row) for row in rows], root) if rows else None


async def addresses_of(connection: Connection, person: Person) -> Addresses:
    """Present ones, and those that messages went to."""
    rows = await connection.fetch(
        """
        WITH person AS (SELECT * FROM unnest($1::smallint[], $2::uuid[]) AS p (partition, customer)),
        reached (channel, address) AS (
            SELECT 'email', c.email FROM person p JOIN customer c ON c.partition = p.partition AND c.id = p.customer
            UNION
            SELECT channel, c.phone FROM person p JOIN customer c ON c.partition = p.partition AND c.id = p.customer,
                unnest('{sms,whatsapp,viber}'::text[]) AS channel
            UNION
            SELECT m.channel, m.address FROM person p JOIN message m USING (partition, customer)
            WHERE m.channel NOT IN ('webhook', 'staff', 'inapp')
            UNION
            SELECT t.channel, t.address FROM person p JOIN contact t USING (partition, customer)
        )
        SELECT DISTINCT channel, suppressed_as(channel, address) FROM reached WHERE address <> '' ORDER BY 1, 2
        """,
        *person.places,
    )
    return Addresses([(row[0], row[1]) for row in rows])


#: How rows of a table are found, as conditions on `t`. $1 and $2 are the person's places, $3 and $4 the addresses with
#: their channels, $5 what the person is called and where it is reached, as rejected events may have it.
_OF_THE_PERSON = "(t.partition, t.customer) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[]))"
_OF_A_MESSAGE = f"t.message IN (SELECT id FROM message t WHERE {_OF_THE_PERSON})"  # noqa: S608
_OF_AN_ADDRESS = "(t.channel, t.address) IN (SELECT * FROM unnest($3::text[], $4::text[]))"
_OF_A_RUN = f"(t.partition, t.run) IN (SELECT partition, id FROM run t WHERE {_OF_THE_PERSON})"  # noqa: S608
_BY_CUSTOMER = "t.customer = ANY($2::uuid[])"
_BY_SUBJECT = f"""t.subject = ANY(ARRAY(
    SELECT id::text FROM run t WHERE {_OF_THE_PERSON} UNION ALL SELECT id::text FROM message t WHERE {_OF_THE_PERSON}
    UNION ALL SELECT id::text FROM event t WHERE {_BY_CUSTOMER} UNION ALL SELECT unnest($2::uuid[])::text
))"""  # noqa: S608
#: Apps write some ids as numbers: `"userId": 42` says the same as `"userId": "42"`, and `"total": 42` does not. A
#: pattern is dear: only a body that has the digits is tried.
_AS_A_NUMBER = r"""word ~ '^"[0-9]+"$' AND strpos(said.body, trim(BOTH '"' FROM word)) > 0 AND said.body ~
    ('"(userid|anonymousid|previousid)"\s*:\s*' || trim(BOTH '"' FROM word) || '(?![0-9.])')"""
_IN_ITS_BODY = f"""EXISTS (
    SELECT FROM (SELECT lower(t.body) AS body OFFSET 0) AS said, unnest($5::text[]) AS word
    WHERE strpos(said.body, word) > 0 OR ({_AS_A_NUMBER})
)"""

#: Every table in which something of a person lies, and what to call it.
HELD: dict[str, tuple[str, str]] = {
    "customer": ("customers", "(t.partition, t.id) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[]))"),
    "contact": ("contacts", _OF_THE_PERSON),
    "consent_entry": ("consent", _OF_THE_PERSON),
    "event": ("events", _BY_CUSTOMER),
    "run": ("runs", _OF_THE_PERSON),
    "run_note": ("run_notes", _OF_A_RUN),
    "message": ("messages", _OF_THE_PERSON),
    "outcome": ("outcomes", _OF_THE_PERSON),
    "mailbox": ("kept_messages", _OF_A_MESSAGE),
    "inbox_message": ("inbox", _OF_THE_PERSON),
    "hit": ("hits", _OF_A_MESSAGE + " AND t.partition = ANY($1::smallint[])"),
    "reaction": ("reactions", _OF_THE_PERSON),
    "conversion": ("conversions", _OF_THE_PERSON),
    "points_entry": ("points", _OF_THE_PERSON),
    "promo_code": ("promo_codes", _OF_THE_PERSON),
    "membership": ("segments", _OF_THE_PERSON),
    "appointment": ("appointments", _OF_THE_PERSON),
    "once_mark": ("once_marks", _OF_THE_PERSON),
    "count_mark": ("count_marks", _OF_THE_PERSON),
    "suppression": ("suppressed_addresses", _OF_AN_ADDRESS),
    "soft_bounce": ("soft_bounces", _OF_AN_ADDRESS),
    "quarantine": ("quarantine", _BY_SUBJECT),
    "reject": ("rejected_events", _IN_ITS_BODY),
}
#: What is ours in them, and says nothing of the person.
_OURS = {"partition", "xid", "seq", "rule_set", "attempt", "deadline", "definition", "open_until", "place"}


#: Each statement is given all of them, and PostgreSQL must know of what type each is.
USES_ALL = "($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[]) IS NOT NULL"


async def read_holdings(
    connection: Connection, person: Person, addresses: Addresses
) -> dict[str, list[dict[str, Any]]]:
    """By what it is called; only what there is."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, (called, condition) in HELD.items():
        rows = await connection.fetch(
            f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {condition} AND {USES_ALL}",  # noqa: S608
            *arguments(person, addresses),
        )
        if rows:
            found[called] = [_readable(row["row"]) for row in rows]
    return found


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in _OURS}
    if isinstance(raw := shown.get("raw"), str):  # of a kept mail
        shown["raw"] = bytes.fromhex(raw.removeprefix("\\x")).decode(errors="replace")
    return shown


def arguments(person: Person, addresses: Addresses) -> tuple[list[Any], ...]:
    """$1 to $5 of the conditions."""
    keys = {name for each in person.customers for name in (each.key, each.key.partition(":")[2])}
    words = {json.dumps(key).lower() for key in keys}  # with its quotes: `42` is not found in `1.42`
    names = {name for each in person.customers for name in (each.email, each.phone) if name}
    names |= {address for channel, address in addresses.known if channel == "email"}
    return (*person.places, *addresses.columns, sorted(words | {json.dumps(name)[1:-1].lower() for name in names}))
