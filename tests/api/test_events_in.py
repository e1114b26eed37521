"""The event API's contract, a clause a test."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from engine.core.identity import customer_id, event_id, partition_of
from tests.api.conftest import KEY, Stored, batch, track

SHORT_AND_LONG = [
    ("track", "t", {"event": "Order Completed", "userId": "42"}, "order_completed"),
    ("identify", "i", {"userId": "42", "traits": {"email": "a@b.c"}}, ""),
    ("page", "p", {"userId": "42", "name": "Home"}, "page_viewed"),
    ("screen", "s", {"userId": "42", "name": "Home"}, "screen_viewed"),
    ("group", "g", {"userId": "42", "groupId": "acme"}, ""),
    ("alias", "a", {"userId": "42", "previousId": "anonymous"}, ""),
]


@pytest.mark.parametrize(("long", "short", "item", "name"), SHORT_AND_LONG, ids=[row[0] for row in SHORT_AND_LONG])
async def test_an_endpoint_and_its_short_form_store_the_same(
    client: httpx.AsyncClient, stored: Stored, long: str, short: str, item: dict[str, object], name: str
) -> None:
    answers = [await client.post(f"/v1/{path}", json=item) for path in (long, short)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"success": True})] * 2
    first, second = await stored.events()
    assert (first["name"], first["kind"]) == (second["name"], second["kind"])
    assert first["name"] == name


@pytest.mark.parametrize("path", ["batch", "b", "import"])
async def test_a_batch_is_stored_in_the_clients_order(client: httpx.AsyncClient, stored: Stored, path: str) -> None:
    names = [f"step_{number}" for number in range(50)]

    answer = await client.post(f"/v1/{path}", content=batch(*map(track, names)))

    assert answer.json() == {"success": True}
    assert await stored.names() == names


async def test_an_event_is_laid_out_as_the_workers_read_it(client: httpx.AsyncClient, stored: Stored) -> None:
    item = track(
        messageId="m-1",
        properties={"total": 12.5},
        context={"timezone": "Europe/Moscow", "locale": "ru-RU", "library": {"name": "x"}, "device": {"token": "t"}},
    )

    await client.post("/v1/batch", content=batch(item))

    [event] = await stored.events()
    assert event["id"] == event_id("default", "m-1")
    assert event["customer"] == customer_id("u:42")
    assert event["partition"] == partition_of(event["customer"], 64)
    assert (event["kind"], event["name"], event["source"]) == (0, "order_completed", "default")
    assert event["body"] == {
        "key": "u:42",
        "properties": {"total": 12.5},
        "context": {"timezone": "Europe/Moscow", "locale": "ru-RU", "device": {"token": "t"}},
        "messageId": "m-1",
        "sent_as": "Order Completed",
    }


AUTHORIZATIONS = {
    "basic": {"headers": {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}},
    "bearer": {"headers": {"authorization": f"Bearer {KEY}"}},
    "body": {"json": {"batch": [track()], "writeKey": KEY}},
}


@pytest.mark.parametrize("how", AUTHORIZATIONS)
async def test_a_write_key_is_taken_from_basic_bearer_or_body(
    client: httpx.AsyncClient, stored: Stored, how: str
) -> None:
    client.auth = httpx.Auth()

    answer = await client.post("/v1/batch", **{"json": {"batch": [track()]}, **AUTHORIZATIONS[how]})

    assert answer.status_code == 200
    assert await stored.names() == ["order_completed"]


@pytest.mark.parametrize(
    "header", [None, "Basic !!!", "Basic " + base64.b64encode(b"other:").decode(), "Bearer other", "Digest x", "Bearer"]
)
async def test_a_wrong_or_missing_write_key_is_refused(
    client: httpx.AsyncClient, stored: Stored, header: str | None
) -> None:
    client.auth = httpx.Auth()
    headers = {"authorization": header} if header else {}

    answer = await client.post("/v1/batch", json={"batch": [track()]}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_write_key")
    assert answer.headers["www-authenticate"] == 'Bearer realm="kogda"'
    assert await stored.events() == []


def members(body: bytes) -> bytes:
    """As log shippers pack what they append to."""
    return b"".join(gzip.compress(each) for each in (body[:7], b"", body[7:20], body[20:]))


CONTENT = {
    "json": (lambda body: body, {"content-type": "application/json"}),
    "text, as browsers send it": (lambda body: body, {"content-type": "text/plain"}),
    "no type": (lambda body: body, {}),
    "gzip": (gzip.compress, {"content-type": "application/json", "content-encoding": "gzip"}),
    "gzip of several members": (members, {"content-type": "application/json", "content-encoding": "gzip"}),
    "gzip said to be a form": (gzip.compress, {"content-type": "application/x-www-form-urlencoded"}),
    "json said to be gzip": (lambda body: body, {"content-encoding": "gzip"}),
    "byte order mark": (lambda body: b"\xef\xbb\xbf" + body, {"content-type": "application/json"}),
}


@pytest.mark.parametrize("how", CONTENT)
async def test_a_body_is_read_by_its_content_not_by_its_headers(
    client: httpx.AsyncClient, stored: Stored, how: str
) -> None:
    encode, headers = CONTENT[how]

    answer = await client.post("/v1/batch", content=encode(batch(track())), headers=headers)

    assert answer.status_code == 200
    assert await stored.names() == ["order_completed"]


async def test_fields_that_we_do_not_know_are_ignored(client: httpx.AsyncClient, stored: Stored) -> None:
    item = track(integrations={"All": True}, _metadata={"x": [1]}, channel="server", anonymousId=None, version=2)

    answer = await client.post("/v1/track", json=item)

    assert answer.status_code == 200
    [event] = await stored.events()
    assert set(event["body"]) == {"key", "properties", "messageId", "sent_as"}


async def test_a_browser_gets_its_pre_flight_and_its_settings(client: httpx.AsyncClient) -> None:
    preflight = await client.options("/v1/t", headers={"origin": "https://shop.example"})
    settings = await client.get(f"/v1/projects/{KEY}/settings")

    allowed = {name.strip() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert {"authorization", "content-type", "x-retry-count"} <= allowed
    assert settings.headers["access-control-allow-origin"] == "*"
    assert settings.json()["integrations"]["Segment.io"] == {
        "apiKey": KEY,
        "apiHost": "localhost/v1",
        "unbundledIntegrations": [],
    }


async def test_every_answer_of_the_event_api_may_be_read_by_a_browser(client: httpx.AsyncClient) -> None:
    answers = [
        await client.post("/v1/t", json=track()),
        await client.post("/v1/t", content=b"{"),
        await client.post("/v1/t", json={}),
        await client.get("/v1/t"),
        await client.get("/v1/nothing"),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 400, 405, 404]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}


async def test_the_same_message_counts_once_however_often_it_comes(client: httpx.AsyncClient, stored: Stored) -> None:
    once, twice = track(messageId="m-1"), track(messageId="m-2")

    answers = [await client.post("/v1/batch", content=batch(once, twice, twice)) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert [event["body"]["messageId"] for event in await stored.events()] == ["m-1", "m-2"]


async def test_the_first_body_of_a_message_stays(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/track", json=track(messageId="m-1", properties={"total": 1}))

    answer = await client.post("/v1/track", json=track(messageId="m-1", properties={"total": 2}))

    assert answer.status_code == 200
    [event] = await stored.events()
    assert event["body"]["properties"] == {"total": 1}


async def test_without_a_message_id_the_content_says_whether_it_is_the_same(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    dated = track(timestamp="2026-01-05T10:00:00Z", properties={"total": 1})

    for total in (1, 1, 2):
        await client.post(
            "/v1/track", json={**dated, "properties": {"total": total}, "sentAt": f"2026-01-05T10:0{total}:00Z"}
        )

    assert [event["body"]["properties"]["total"] for event in await stored.events()] == [1, 2]


async def test_without_a_message_id_and_a_time_every_event_is_another(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    await client.post("/v1/batch", content=batch(track(), track()))

    assert len(await stored.events()) == 2


async def test_a_bad_event_is_kept_with_its_reason_and_the_others_are_stored(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    bad = track(properties={"lines": [{"price": 2**60}]})

    answer = await client.post("/v1/batch", content=batch(track("first"), bad, track("last")))

    assert answer.status_code == 200
    assert await stored.names() == ["first", "last"]
    [reject] = await stored.rejects()
    assert reject["path"] == "$.properties.lines[0].price"
    assert "beyond 2^53" in reject["reason"]
    assert orjson.loads(reject["body"]) == bad


@pytest.mark.parametrize("place", [0, 1, 250, 498, 499])
async def test_one_poison_event_leaves_499_of_500_whatever_its_place(
    client: httpx.AsyncClient, stored: Stored, place: int
) -> None:
    items: list[object] = [track(f"e{number}") for number in range(500)]
    items[place] = {"type": "track"}

    await client.post("/v1/batch", content=batch(*items))

    assert len(await stored.events()) == 499


async def test_a_strict_batch_with_a_bad_event_stores_nothing_and_names_every_error(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    answer = await client.post("/v1/batch?strict=1", content=batch(track(), {"type": "track"}, {"type": "nope"}, 7))

    assert answer.status_code == 400
    assert [(error["index"], error["path"]) for error in answer.json()["errors"]] == [
        (1, "$.event"),
        (2, "$.type"),
        (3, "$"),
    ]
    assert (await stored.events(), await stored.rejects()) == ([], [])


async def test_a_single_bad_event_is_answered_400_and_kept(client: httpx.AsyncClient, stored: Stored) -> None:
    answer = await client.post("/v1/track", json={"event": "x"})

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "$.userId")
    assert len(await stored.rejects()) == 1


async def test_an_empty_batch_is_a_success(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/batch", content=batch())).json() == {"success": True}


@pytest.mark.parametrize("content", [b"{}", b'{"batch": {}}', b'"text"', b"null", b'{"batch": null}'])
async def test_what_is_no_batch_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/v1/batch", content=content)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_batch")


async def test_a_time_is_corrected_by_what_the_clients_clock_said_as_it_sent(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    now = datetime.now(UTC)  # noqa: TID251
    slow = now - timedelta(hours=3)
    happened = slow - timedelta(minutes=5)

    await client.post("/v1/batch", content=batch(track(timestamp=happened.isoformat()), sentAt=slow.isoformat()))

    [event] = await stored.events()
    assert abs(event["received_at"] - event["at"] - timedelta(minutes=5)) < timedelta(seconds=5)
    assert event["body"]["timestamp"] == happened.isoformat()


async def test_a_time_in_the_future_is_taken_for_now_and_the_original_is_kept(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    await client.post("/v1/track", json=track(timestamp="2099-01-01T00:00:00Z"))

    [event] = await stored.events()
    assert event["at"] <= event["received_at"]
    assert event["body"]["timestamp"] == "2099-01-01T00:00:00Z"


async def test_an_import_is_history_and_so_is_an_event_that_says_so(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/import", content=batch(track("imported")))
    await client.post("/v1/batch", content=batch(track("said", historical=True), track("now", historical=False)))
    await client.post("/v1/batch", content=batch(track("all"), historical=True))

    assert [event["body"].get("historical") for event in await stored.events()] == [True, True, None, True]


async def test_identify_carries_its_traits(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/identify", json={"userId": "42", "traits": {"email": "a@b.c", "consent": {"email": True}}})
    await client.post("/v1/identify", json={"userId": "42", "context": {"traits": {"plan": "gold"}}})

    first, second = await stored.events()
    assert (first["kind"], first["body"]["properties"]) == (1, {"email": "a@b.c", "consent": {"email": True}})
    assert second["body"]["properties"] == {"plan": "gold"}


async def test_identify_with_an_anonymous_id_queues_a_merge_into_the_known_customer(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    await client.post("/v1/identify", json={"userId": "42", "anonymousId": "x", "messageId": "m-1"})

    merge, identify = await stored.events()
    assert (merge["kind"], merge["body"]["key"], merge["body"]["properties"]) == (2, "a:x", {"into": "u:42"})
    assert merge["id"] == event_id("default", "m-1#merge")
    assert merge["partition"] == partition_of(customer_id("a:x"), 64)
    assert (identify["kind"], identify["body"]["key"]) == (1, "u:42")


async def test_an_identify_without_a_message_id_gives_both_its_events_the_same(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    await client.post("/v1/identify", json={"userId": "42", "anonymousId": "x"})

    merge, identify = await stored.events()
    assert merge["body"]["messageId"] == identify["body"]["messageId"] + "#merge"


async def test_alias_merges_the_previous_anonymous_customer(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/alias", json={"userId": 42, "previousId": "x"})

    [merge] = await stored.events()
    assert (merge["kind"], merge["body"]["key"], merge["body"]["properties"]) == (2, "a:x", {"into": "u:42"})


async def test_group_attaches_the_account_to_the_customer(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/group", json={"userId": "42", "groupId": "acme", "traits": {"plan": "gold", "id": 7}})

    [event] = await stored.events()
    assert (event["kind"], event["body"]["properties"]) == (1, {"account": {"plan": "gold", "id": "acme"}})


async def test_a_page_keeps_its_name_and_category_among_its_properties(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    page = {"userId": "42", "name": "Home", "category": "shop", "properties": {"url": "/"}}

    await client.post("/v1/page", json=page)

    [event] = await stored.events()
    assert event["body"]["properties"] == {"name": "Home", "category": "shop", "url": "/"}
    assert event["body"]["sent_as"] == "page"


@pytest.mark.parametrize(("user", "key"), [(42, "u:42"), ("42", "u:42"), (None, "a:x"), ("", "a:x")])
async def test_a_user_id_may_be_a_number_and_an_empty_one_is_none(
    client: httpx.AsyncClient, stored: Stored, user: object, key: str
) -> None:
    await client.post("/v1/track", json={"event": "e", "userId": user, "anonymousId": "x"})

    [event] = await stored.events()
    assert event["body"]["key"] == key


async def test_the_context_of_a_batch_is_that_of_items_without_their_own(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    mine = {"timezone": "Asia/Tokyo"}

    await client.post("/v1/batch", content=batch(track(), track(context=mine), context={"timezone": "Europe/Rome"}))

    assert [event["body"]["context"]["timezone"] for event in await stored.events()] == ["Europe/Rome", "Asia/Tokyo"]


@pytest.mark.parametrize("query", ["strict=1", "strict=true", "strict=True", "strict", "STRICT=ON", "a=b&strict=yes"])
async def test_strict_is_understood_as_people_write_it(client: httpx.AsyncClient, stored: Stored, query: str) -> None:
    answer = await client.post(f"/v1/batch?{query}", content=batch(track("good"), {"type": "nope"}))

    assert answer.status_code == 400
    assert (await stored.events(), await stored.rejects()) == ([], [])


async def test_a_path_that_only_ends_like_ours_is_not_found(client: httpx.AsyncClient, stored: Stored) -> None:
    answer = await client.post("/v1/other/v1/track", json={"userId": "42", "event": "x"})

    assert answer.status_code == 404
    assert await stored.events() == []
