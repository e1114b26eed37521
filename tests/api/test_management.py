from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.server.app import create_app
from dsl import plan
from engine.core.identity import customer_id, derived_id, partition_of
from engine.flow.checking.observed import observed_from_json
from engine.flow.publishing.publish_rules import publish
from engine.runtime import Runtime
from engine.storage.database import Database
from tests.api.conftest import ADMIN_KEY, api_settings, batch, client_of

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def admin(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.auth = httpx.BasicAuth(ADMIN_KEY, "")
    return client


async def test_rejects_are_paged_newest_first_without_gap_or_repeat(admin: httpx.AsyncClient) -> None:
    items = [{"type": f"kind {number}"} for number in range(7)]
    await admin.post("/v1/batch", content=batch(*items, writeKey="test-key"), auth=("test-key", ""))

    pages, after = [], None
    while not pages or after:
        page = (await admin.get("/api/rejects", params={"limit": 3, **({"after": after} if after else {})})).json()
        pages.append([item["body"] for item in page["items"]])
        after = page["next"]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [body for page in pages for body in page] == [f'{{"type":"kind {number}"}}' for number in reversed(range(7))]


async def test_a_customer_is_found_by_its_key(admin: httpx.AsyncClient, database: Database) -> None:
    await _add_customer(database, "u:42", email="a@b.c")

    known, unknown = await admin.get("/api/customers/u:42"), await admin.get("/api/customers/u:43")

    assert (known.json()["email"], known.json()["id"]) == ("a@b.c", str(customer_id("u:42")))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_customer")


async def test_runs_of_a_customer_are_paged(admin: httpx.AsyncClient, database: Database) -> None:
    for number in range(5):
        await _add_run(database, "u:42", number)
    await _add_run(database, "u:other", 9)

    first = (await admin.get("/api/runs", params={"customer": "u:42", "limit": 4})).json()
    second = (await admin.get("/api/runs", params={"customer": "u:42", "limit": 4, "after": first["next"]})).json()

    runs = first["items"] + second["items"]
    assert sorted(run["rule"] for run in runs) == [f"rule_{number}" for number in range(5)]
    assert [run["began_at"] for run in runs] == sorted((run["began_at"] for run in runs), reverse=True)
    assert second["next"] is None


async def test_messages_are_filtered_by_state_and_paged(admin: httpx.AsyncClient, database: Database) -> None:
    for number in range(4):
        await _add_message(database, number, state="sent" if number % 2 else "suppressed")

    sent = (await admin.get("/api/messages", params={"state": "sent"})).json()
    first = (await admin.get("/api/messages", params={"limit": 3})).json()
    rest = (await admin.get("/api/messages", params={"limit": 3, "after": first["next"]})).json()

    assert [message["template"] for message in sent["items"]] == ["t3", "t1"]
    assert [message["template"] for message in first["items"] + rest["items"]] == ["t3", "t2", "t1", "t0"]


async def test_a_reason_comes_with_its_code_and_facts(admin: httpx.AsyncClient, database: Database) -> None:
    for number, reason in enumerate([None, "no consent: topic news refused", "smtp: go away"]):
        await _add_message(database, number, state="suppressed", reason=reason)

    messages = (await admin.get("/api/messages")).json()["items"]

    assert [(each["reason"], each["reason_code"], each["reason_facts"]) for each in messages] == [
        ("smtp: go away", None, {}),
        ("no consent: topic news refused", "topic_refused", {"topic": "news"}),
        (None, None, {}),
    ]


async def test_messages_of_one_customer_are_told_from_those_of_others(
    admin: httpx.AsyncClient, database: Database
) -> None:
    for number in range(4):
        await _add_message(database, number, state="sent", key="u:42" if number % 2 else "u:other")

    first = (await admin.get("/api/messages", params={"customer": "42", "limit": 1})).json()
    rest = (await admin.get("/api/messages", params={"customer": "42", "after": first["next"]})).json()
    failed = (await admin.get("/api/messages", params={"customer": "42", "state": "failed"})).json()

    assert [message["template"] for message in first["items"] + rest["items"]] == ["t3", "t1"]
    assert failed["items"] == []


WRONG = [
    ("/api/rejects?limit=0", "$.query.limit"),
    ("/api/rejects?limit=201", "$.query.limit"),
    ("/api/rejects?after=x", "$.query.after"),
    ("/api/messages?state=lost", "$.query.state"),
    ("/api/messages?customer=", "$.query.customer"),
    ("/api/messages?after=%00", "$.query.after"),
    ("/api/messages?after=MjAyNg==", "$.query.after"),
    ("/api/runs", "$.query.customer"),
    ("/api/runs?customer=", "$.query.customer"),
    ("/api/runs?customer=%00", "$.query.customer"),
    ("/api/customers/u:", "$.path.key"),
    (f"/api/customers/{'4' * 257}", "$.path.key"),
    ("/api/suppressions?channel=E-Mail", "$.query.channel"),
]


@pytest.mark.parametrize(("path", "field"), WRONG, ids=[path for path, _ in WRONG])
async def test_a_wrong_parameter_is_a_problem_that_names_it(admin: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await admin.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    [error] = answer.json()["errors"]
    assert error["path"] == field
    assert "pattern" not in error["reason"] and "^" not in error["reason"]


async def test_a_customer_is_asked_about_by_the_shops_own_id_too(admin: httpx.AsyncClient, database: Database) -> None:
    await _add_customer(database, "u:42", email="a@b.c")
    await _add_run(database, "u:42", 1)

    customer, runs = await admin.get("/api/customers/42"), await admin.get("/api/runs?customer=42")

    assert customer.json()["key"] == "u:42"
    assert [run["rule"] for run in runs.json()["items"]] == ["rule_1"]


async def test_who_asks_about_nobody_is_told_how_to_name_a_customer(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/api/runs?customer=")

    assert answer.json()["errors"][0]["reason"] == (
        "must be a customer: your own id, such as 42, of at most 256 characters; or a key: u:42, a:…"
    )


@pytest.mark.parametrize("auth", [None, ("wrong", ""), ("test-key", "")], ids=["none", "wrong", "a write key"])
async def test_with_an_admin_key_nobody_comes_in_without_it(runtime: Runtime, auth: tuple[str, str] | None) -> None:
    async with client_of(runtime) as client:
        client.auth = httpx.BasicAuth(*auth) if auth else httpx.Auth()

        answer = await client.get("/api/rejects")

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_admin_key")


CALLERS = [
    ("127.0.0.1", {}, 200),
    ("::1", {}, 200),
    ("10.0.0.8", {}, 403),
    ("127.0.0.1", {"x-forwarded-for": "10.0.0.8"}, 403),
    ("127.0.0.1", {"via": "1.1 proxy"}, 403),
    ("127.0.0.1", {"host": "rebound.example"}, 403),
]


@pytest.mark.parametrize(("host", "headers", "status"), CALLERS)
async def test_without_an_admin_key_only_this_machine_comes_in(
    runtime: Runtime, database_url: str, host: str, headers: dict[str, str], status: int
) -> None:
    runtime.settings = api_settings(database_url, admin_key=None)
    async with client_of(runtime, from_host=host) as client:
        answer = await client.get("/api/rejects", headers=headers)

    assert answer.status_code == status


async def test_nginx_as_it_comes_is_not_taken_for_this_machine(runtime: Runtime, database_url: str) -> None:
    """It gives its own address as Host and adds nothing: only its HTTP/1.0 tells that somebody is behind it."""
    runtime.settings = api_settings(database_url, admin_key=None)
    app = create_app(runtime)

    async def as_nginx(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "http_version": "1.0"}, receive, send)

    transport = httpx.ASGITransport(as_nginx, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answers = [await client.get(path) for path in ("/api/rejects", "/mailbox")]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_a_write_key_is_listed_without_what_could_be_used(admin: httpx.AsyncClient, database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO write_key (id, name, secret_hash, last4) VALUES ('wk_1', 'shop', 'h', 'abcd')"
        )

    [key] = (await admin.get("/api/write-keys")).json()["items"]

    assert set(key) == {"id", "name", "last4", "created_at", "revoked_at"}


async def test_numbers_for_lints_are_counted(admin: httpx.AsyncClient, database: Database) -> None:
    await _add_customer(database, "u:42", email="a@b.c")
    await _publish(database)
    now = datetime.now(UTC)  # noqa: TID251
    items = [
        {"type": "track", "event": name, "userId": "42", "timestamp": moment.isoformat(), "properties": properties}
        for name, moment, properties in (
            ("cart_abandoned", now - timedelta(hours=5), {"cart_id": "c1"}),
            ("cart_abandoned", now - timedelta(hours=2), {"cart_id": None}),
            ("order_placed", now - timedelta(hours=1), {"cart_id": "c1"}),
        )
    ]
    await admin.post("/v1/batch", content=batch(*items, writeKey="test-key"), auth=("test-key", ""))

    observed = observed_from_json((await admin.get("/api/observed")).json())

    assert (observed.events, observed.doers) == (
        {"cart_abandoned": 2, "order_placed": 1},
        {"cart_abandoned": 1, "order_placed": 1},
    )
    assert observed.properties["cart_abandoned", "cart_id"] == 0.5
    assert observed.attributes["email"] == 1.0
    followed = observed.followed["cart_abandoned", "order_placed"]
    assert followed.starts == 2
    assert (followed.within(7_200), followed.within(86_400)) == ((7_200, 1), (86_400, 2))


async def _publish(database: Database) -> None:
    text = plan.Plan(
        events={
            "cart_abandoned": plan.EventFacts(
                key="cart_id", cancelled_by=("order_placed",), properties={"cart_id": "text"}
            ),
            "order_placed": plan.EventFacts(properties={"cart_id": "text"}),
        }
    )
    await publish(database, text, templates={}, settings={})


async def _add_customer(database: Database, key: str, *, email: str) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO customer (partition, id, key, email) VALUES ($1, $2, $3, $4)", *_home(key), key, email
        )


async def _add_run(database: Database, key: str, number: int) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """INSERT INTO run (partition, customer, id, rule, rule_set, state, began_at, body)
               VALUES ($1, $2, $3, $4, 1, 'waiting', $5, '{}')""",
            *_home(key),
            derived_id("run", str(number)),
            f"rule_{number}",
            NOON + timedelta(minutes=number // 2),  # some began at the same time
        )


async def _add_message(
    database: Database, number: int, *, state: str, key: str = "u:42", reason: str | None = None
) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """INSERT INTO message (partition, customer, id, run, rule, rule_set, step, channel, template, context,
                                    transactional, state, due_at, created_at, reason)
               VALUES ($1, $2, $3, $3, 'r', 1, 0, 'email', $4, '{}', false, $5, $6, $6, $7)""",
            *_home(key),
            UUID(int=number),
            f"t{number}",
            state,
            NOON + timedelta(minutes=number),
            reason,
        )


def _home(key: str) -> tuple[int, UUID]:
    customer = customer_id(key)
    return partition_of(customer, 64), customer


async def test_segments_are_listed_with_their_sizes(admin: httpx.AsyncClient, database: Database) -> None:
    before = await admin.get("/api/segments")
    gold = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
    segments = {"gold": plan.Segment(condition=gold, hash="1", file="rules/vip.rules", line=3)}
    await publish(database, plan.Plan(segments=segments), templates={}, settings={})

    listed = (await admin.get("/api/segments")).json()

    assert (before.status_code, before.json()["code"]) == (404, "nothing_published")
    assert listed["items"] == [
        {"name": "gold", "size": 0, "filled": 0.0, "file": "rules/vip.rules", "line": 3, "rules": [], "sample": []}
    ]
