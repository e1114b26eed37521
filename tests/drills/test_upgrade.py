"""Drill 22: an older version's database, full of what is still to come, is brought to this version's tables."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api.drill.sink import Sink
from api.drill.verdict import UNDER_WAY
from engine.embedded import EmbeddedServices
from engine.storage.database import Database
from engine.storage.events.event_partitions import make_event_partitions
from engine.storage.migrate import migrate
from engine.storage.revisions import wanted_revision
from tests.databases import own_database
from tests.drills.sizes import sized
from tests.drills.stage import Record, open_workspace
from tests.drills.test_restored_backup import worker_on
from tests.engine.flow.shop import Shop, known
from tests.engine.storage.test_upgrades import bring_to, execute

LONG_S = 90
PEOPLE = [str(number) for number in range(24)]
#: Whose waits are over when the new version starts; the others' are over later.
EVEN, ODD = PEOPLE[::2], PEOPLE[1::2]
#: Whose mails were in a worker's hands that is gone.
IN_HAND = PEOPLE[::3]

#: Tables in which something waits are there since 0003; some scripts change rows, or what is done when they change.
OLDER = [f"{number:04}" for number in range(3, int(wanted_revision()))]
BEFORE = sized(["0003", "0009", "0012", "0015", OLDER[-1]], OLDER)

RULES = """\
segment gold means customer.tier is "gold"

rule "Welcome"
  when registered
  send email "welcome"

rule "Cart"
  when cart_left after 1h
  send email "cart"

rule "Still"
  when cart_left then not order_placed within 3h
  send email "still"

rule "Complete"
  when registered then profile_filled within 3 days
  send email "complete"

rule "Tip"
  when review_left
  once per 30 days
  send email "tip"

rule "Sorry"
  when review_left
  once per 30 days
  send email "sorry"
  wait 1 day
  send email "again"

rule "Gold"
  when customer enters gold
  send email "gold"

rule "Bye"
  when customer leaves gold
  send email "bye"

rule "Digest"
  every year on 29 february at 10:00 for customer in gold
  send email "digest"

rule "Missed"
  when no registered for 30 days
  send email "missed"

rule "Receipt"
  when order_shipped
  transactional
  send email "receipt"

rule "Offer"
  when offer_seen
  send email "offer"

rule "Answer"
  when asked
  send email "answer"
"""
EVENTS = (
    "registered",
    "cart_left",
    "order_placed",
    "profile_filled",
    "review_left",
    "order_shipped",
    "offer_seen",
    "asked",
)
AT_ONCE = ("welcome", "tip", "sorry", "receipt", "offer", "answer")
WHEN_DUE = ("cart", "still", "again", "gold")
MAILS = (*AT_ONCE, *WHEN_DUE, "complete", "bye", "digest", "missed")
_MAIL = '---\nsubject: A mail\n---\n<p>Hello. <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>\n'
FILES = {
    "kogda.yaml": "name: Upgrade\nlanguage: 1\ncurrency: EUR\nmail: {from: Shop <shop@example.com>}\n",
    "schema.yaml": f"events: {{{', '.join(f'{name}: {{}}' for name in EVENTS)}}}\ncustomer: {{tier: text}}\n",
    "rules/all.rules": RULES,
    **{f"templates/email/{name}.html": _MAIL for name in MAILS},
}

#: Who waits at the end of an outage in which the others' waits were over. `Complete` is in the midst of its sequence.
FOR_SOME_TIME_ONLY_EVEN_ONES_ARE_DUE = (
    """
    UPDATE run r SET wake_at = now() FROM customer c
    WHERE c.id = r.customer AND r.wake_at IS NOT NULL AND r.rule <> 'Complete' AND substr(c.key, 3)::int % 2 = 0
    """,
    "UPDATE appointment SET at = now() WHERE name = 'Digest'",
    # Two that are alike within a minute would be one.
    "UPDATE message SET created_at = created_at - interval '1 hour', due_at = due_at - interval '1 hour',"
    " settled_at = settled_at - interval '1 hour'",
)
ALL_ARE_DUE = "UPDATE run SET wake_at = now() WHERE wake_at IS NOT NULL"
#: What must stand as it stands.
WAITING = """
    SELECT id, wake_at FROM run WHERE wake_at > now()
    UNION ALL SELECT customer, at FROM appointment WHERE name = 'Missed' ORDER BY 1, 2
"""
CAME = "SELECT m.id, substr(c.key, 3), m.template FROM message m JOIN customer c ON c.id = m.customer"
_MAIL_OF = "SELECT substr(c.key, 3), m.template FROM message m JOIN customer c ON c.id = m.customer"
UNKNOWN = f"{_MAIL_OF} WHERE m.state = 'unknown'"
MARKED = f"{_MAIL_OF} WHERE m.maybe_duplicate"
NEEDS_NOTHING = f"SELECT ({UNDER_WAY}) - (SELECT count(*) FROM run WHERE state = 'waiting')"  # noqa: S608 -- constants


async def until_rest(shop: Shop) -> None:
    """Nothing is on its way, and nothing that waits is due."""
    due = "SELECT count(*) FROM {} WHERE {} <= now()"
    async with asyncio.timeout(LONG_S):
        while (
            await shop.value(NEEDS_NOTHING)
            or await shop.value(due.format("run", "wake_at"))
            or await shop.value(due.format("appointment", "at"))
        ):
            await asyncio.sleep(0.05)


async def tell(shop: Shop, people: list[str], *names: str) -> None:
    await shop.post(*(shop.event(each, name) for each in people for name in names))


async def tell_traits(shop: Shop, people: list[str], **traits: str) -> None:
    await shop.post(*(shop.identify(each, email=f"{each}@example.com", **traits) for each in people))


async def live_until_the_upgrade(shop: Shop, sink: Sink) -> None:
    """Runs, sequences and appointments wait; then the workers are stopped, with messages queued and in hand, and events
    that nobody decides."""
    async with worker_on(shop.runtime.database.url, smtp_url=sink.url):
        await tell_traits(shop, EVEN, tier="gold")
        await tell_traits(shop, ODD, tier="silver")
        await tell(shop, PEOPLE, "registered", "cart_left", "review_left")
        await until_rest(shop)
    await tell(shop, PEOPLE, "order_shipped", "offer_seen")
    await shop.advance()
    await shop.execute(
        "UPDATE message SET state = 'sending', attempts = 1, attempt = gen_random_uuid(), deadline = now()"
        " WHERE state = 'queued' AND customer = ANY($1)",
        [known(each) for each in IN_HAND],
    )
    await tell(shop, PEOPLE, "asked")


async def make_months(url: str) -> None:
    """As the older version's workers did."""
    database = Database(url)
    await database.open()
    await make_event_partitions(database)
    await database.close()


#: What today's scripts made besides: no work waits in them, or triggers write them.
_LEFT_OUT = "'alembic_version', 'figure', 'figure_change', 'figure_mark', 'worker_heartbeat'"
_COLUMNS = f"""
    SELECT t.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
    FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
    WHERE t.table_schema = 'public' AND t.table_name NOT LIKE 'event\\_%' AND t.table_name NOT IN ({_LEFT_OUT})
    GROUP BY 1 ORDER BY t.table_name <> 'rule_set', 1
"""  # noqa: S608 -- a constant


async def copy_as_it_was(new_url: str, old_url: str) -> None:
    """All rows, with those columns that there were."""
    new, old = await asyncpg.connect(new_url), await asyncpg.connect(old_url)
    for table, columns in [*await old.fetch(_COLUMNS), ("event_key", ["id"])]:
        rows = BytesIO()
        names = ", ".join(f'"{column}"' for column in columns)
        await new.copy_from_query(f"SELECT {names} FROM {table}", output=rows, format="binary")  # noqa: S608
        rows.seek(0)
        await old.copy_to_table(table, source=rows, columns=columns, format="binary")
    await new.close()
    await old.close()


@pytest.fixture
async def older_url(empty: EmbeddedServices) -> AsyncIterator[str]:
    async with own_database(empty) as url:
        yield url


@pytest.fixture
async def busy_shop(empty: EmbeddedServices, tmp_path: Path) -> AsyncIterator[Shop]:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    async with open_workspace(empty.endpoints.database_url, tmp_path) as shop:
        yield shop


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def due(people: list[str], *templates: str) -> Counter[tuple[str, str]]:
    return Counter((each, template) for each in people for template in templates)


async def waiting(url: str) -> list[tuple[UUID, datetime]]:
    """What is not due yet, and when it will be."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(WAITING)
    await connection.close()
    return list(map(tuple, rows))


async def came(shop: Shop, arrived: Counter[UUID]) -> Counter[tuple[str, str]]:
    """How often each mail arrived."""
    rows = await shop.fetch(CAME)
    return Counter((person, template) for message, person, template in rows for _ in range(arrived[message]))


@pytest.mark.timeout(LONG_S * 4)
@pytest.mark.parametrize("before", BEFORE)
async def test_what_waited_in_an_older_version_goes_out_once_with_this_one_and_not_before_it_is_due(
    busy_shop: Shop, older_url: str, sink: Sink, before: str, record_property: Record
) -> None:
    await live_until_the_upgrade(busy_shop, sink)
    await bring_to(older_url, before)
    await make_months(older_url)
    await copy_as_it_was(busy_shop.runtime.database.url, older_url)
    await execute(older_url, *FOR_SOME_TIME_ONLY_EVEN_ONES_ARE_DUE)
    waited = await waiting(older_url)

    await migrate(older_url)

    async with worker_on(older_url, smtp_url=sink.url) as shop, worker_on(older_url, smtp_url=sink.url):
        await until_rest(shop)
        at_first, wait_on = await came(shop, sink.arrived), await waiting(older_url)
        await tell(shop, EVEN, "profile_filled")
        await tell(shop, PEOPLE, "review_left")
        await tell_traits(shop, ODD, tier="gold")
        await tell_traits(shop, EVEN, tier="silver")
        await shop.execute(ALL_ARE_DUE)
        await until_rest(shop)
        found = await came(shop, sink.arrived)
        held = Counter(map(tuple, await shop.fetch(UNKNOWN)))
        marked = Counter(map(tuple, await shop.fetch(MARKED)))
        left = await shop.value(UNDER_WAY), await shop.value("SELECT count(*) FROM quarantine")

    first = due(PEOPLE, *AT_ONCE) + due(EVEN, *WHEN_DUE, "digest") - due(IN_HAND, "offer")
    everything = first + due(EVEN, "complete", "bye") + due(ODD, *WHEN_DUE)
    record_property("lost", (everything - found).total())
    record_property("doubled", (found - everything).total())
    assert at_first == first
    assert len(waited) == len(EVEN) + 4 * len(ODD) + len(PEOPLE)  # sequences, runs, and appointments of all
    assert wait_on == waited
    assert found == everything
    assert (held, marked) == (due(IN_HAND, "offer"), due(IN_HAND, "receipt"))
    assert left == (0, 0)
