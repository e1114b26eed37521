"""The inbox of a customer: written by rules, read by pages, told to rules again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.browser import inbox_streams
from api.server.process import api_server, listening_socket
from engine.flow.upkeep.forget import forget_old
from engine.links.customer_tokens import (
    LONGEST_LIFE,
    TokenRefused,
    inbox_key,
    read_customer,
    sign_customer,
)
from engine.runtime import Runtime
from tests.api.conftest import LiveServer, client_of
from tests.api.inbox_shop import open_inbox_shop, signed, token, write
from tests.engine.flow.shop import Shop

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
KEY = inbox_key(b"of this installation")


@pytest.fixture
async def shop(runtime: Runtime) -> Shop:
    return await open_inbox_shop(runtime)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A page: it holds no write key."""
    async with client_of(runtime) as client:
        client.auth = None
        yield client


def shown_to(runtime: Runtime, name: str = "anna") -> dict[str, str]:
    return {"authorization": f"Bearer {token(runtime, name)}"}


async def inbox(client: httpx.AsyncClient, runtime: Runtime, name: str = "anna", **asked: Any) -> Any:
    return (await client.get("/v1/inbox", headers=shown_to(runtime, name), params=asked)).json()


async def test_a_customer_sees_what_a_rule_wrote(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna", "Soon gone")

    said = await inbox(client, runtime)

    [one] = said["messages"]
    [message] = await shop.fetch("SELECT id, state, address FROM message")
    assert one["id"] == str(message["id"])
    assert (one["title"], one["text"]) == ("Dear anna, your cart waits", "Soon gone")
    assert (one["link"], one["read"]) == ("https://shop.example/cart", False)
    assert (message["state"], message["address"]) == ("sent", "anna")
    assert (said["unread"], said["next"]) == (1, None)


async def test_nobody_sees_what_was_written_to_another(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna")
    [message] = await shop.fetch("SELECT id FROM message")

    said = await inbox(client, runtime, "boris")
    read = await client.post(f"/v1/inbox/{message['id']}/read", headers=shown_to(runtime, "boris"))

    assert said["messages"] == []
    assert read.status_code == 404
    assert (await inbox(client, runtime))["unread"] == 1


async def test_a_message_is_delivered_once_however_often_it_is_handed_over(shop: Shop, runtime: Runtime):
    await write(shop, "anna")
    await shop.execute("UPDATE message SET state = 'queued', due_at = now(), attempt = NULL, settled_at = NULL")

    await write(shop, "boris")

    assert await shop.value("SELECT count(*) FROM inbox_message") == 2
    assert [row["state"] for row in await shop.fetch("SELECT state FROM message")] == ["sent", "sent"]


async def test_older_messages_come_page_by_page(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    for number in range(5):
        await write(shop, "anna", str(number))

    first = await inbox(client, runtime, limit=2)
    second = await inbox(client, runtime, limit=2, before=first["next"])
    third = await inbox(client, runtime, limit=2, before=second["next"])

    texts = [[each["text"] for each in page["messages"]] for page in (first, second, third)]
    assert texts == [["4", "3"], ["2", "1"], ["0"]]
    assert third["next"] is None


async def test_reading_is_noted_and_told_to_the_rules_once(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna")
    [message] = await shop.fetch("SELECT id FROM message")

    for how in ("read", "read", "clicked", "clicked"):
        answer = await client.post(f"/v1/inbox/{message['id']}/{how}", headers=shown_to(runtime))
        assert answer.status_code == 200

    events = await shop.fetch("SELECT name, body FROM event WHERE source = 'kogda' ORDER BY xid, seq")
    assert [event["name"] for event in events] == ["inapp_opened", "inapp_clicked"]
    assert events[0]["body"]["properties"]["message_id"] == str(message["id"])
    assert (await inbox(client, runtime))["unread"] == 0


async def test_all_is_read_up_to_what_was_shown(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna", "old")
    shown = await inbox(client, runtime)
    await write(shop, "anna", "new")

    await client.post("/v1/inbox/read", headers=shown_to(runtime), json={"until": shown["messages"][0]["cursor"]})

    later = await inbox(client, runtime)
    assert [(each["text"], each["read"]) for each in later["messages"]] == [("new", False), ("old", True)]


async def test_messages_follow_a_customer_who_is_merged(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna")
    await shop.post(shop.identify("anna@shop", first_name="A"))
    await shop.advance()

    await shop.post(shop.merge_known("anna", "anna@shop"))
    await shop.advance()

    assert len((await inbox(client, runtime, "anna@shop"))["messages"]) == 1
    assert len((await inbox(client, runtime, "anna"))["messages"]) == 1


async def test_a_customer_who_is_known_by_a_browser_alone_has_no_inbox(shop: Shop):
    await shop.post(shop.anonymous("device-7", "cart_abandoned"))
    await shop.advance()

    await write(shop, "boris")

    rows = await shop.fetch("SELECT state, reason FROM message ORDER BY state")
    assert [tuple(row) for row in rows] == [("sent", None), ("suppressed", "no inapp address")]


async def test_a_link_that_would_run_in_the_page_is_refused(shop: Shop):
    await write(shop, "anna", link="javascript:alert(1)")

    [row] = await shop.fetch("SELECT state, reason FROM message")
    assert tuple(row) == ("failed", "its link does not begin with https://")
    assert await shop.value("SELECT count(*) FROM inbox_message") == 0


# Tokens


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/stream"])
@pytest.mark.parametrize("given", [None, "Bearer x", "Bearer a.b.c", "Basic dGVzdC1rZXk6", "Bearer test-key"])
async def test_without_a_token_nothing_is_shown(client: httpx.AsyncClient, path: str, given: str | None):
    answer = await client.get(path, headers={"authorization": given} if given else {})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "*")
    assert answer.json()["code"] in ("invalid_token", "token_required")
    assert answer.headers["www-authenticate"] == 'Bearer realm="kogda"'


async def test_a_page_learns_that_its_token_is_over(runtime: Runtime, client: httpx.AsyncClient):
    over = token(runtime, until=datetime(2026, 1, 1, tzinfo=UTC))

    answer = await client.get("/v1/inbox", headers={"authorization": f"Bearer {over}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


HS256 = {"alg": "HS256", "typ": "JWT"}
ENDS = int(NOW.timestamp()) + 60


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param(signed("another", HS256, {"sub": "a", "exp": ENDS}), "not signed with", id="another key"),
        pytest.param(signed(KEY, {"alg": "none"}, {"sub": "a", "exp": ENDS}), "HS256", id="no algorithm"),
        pytest.param(signed(KEY, HS256, {"sub": "a"}), "has no end", id="no end"),
        pytest.param(signed(KEY, HS256, {"sub": "a", "exp": "soon"}), "has no end", id="an end that is a text"),
        pytest.param(signed(KEY, HS256, {"sub": "a", "exp": True}), "has no end", id="an end that is a flag"),
        pytest.param(signed(KEY, HS256, {"sub": "a", "exp": float("nan")}), "is over", id="an end that is no number"),
        pytest.param(signed(KEY, HS256, {"sub": "a", "exp": ENDS + 10**8}), "longer than 31", id="a far end"),
        pytest.param(signed(KEY, HS256, {"sub": "", "exp": ENDS}), "no userId", id="nobody"),
        pytest.param(signed(KEY, HS256, {"sub": ["a"], "exp": ENDS}), "no userId", id="a list"),
        pytest.param(signed(KEY, HS256, {"sub": "a\0", "exp": ENDS}), "no userId", id="a zero"),
        pytest.param("a.b", "no token", id="two parts"),
        pytest.param("." * 2, "no token", id="empty parts"),
        pytest.param("ä.b.c", "no token", id="not ascii"),
        pytest.param("W10.W10." + "A" * 3000, "no token", id="long"),
    ],
)
def test_a_token_that_nobody_signed_opens_nothing(written: str, reason: str):
    with pytest.raises(TokenRefused, match=reason):
        read_customer(KEY, written, NOW)


def test_every_change_of_a_token_shuts_it():
    right = sign_customer(KEY, "anna", until=NOW + timedelta(hours=1))
    opened = []

    for place in range(len(right)):
        for other in "Aa0-_.=":
            changed = right[:place] + other + right[place + 1 :]
            try:
                if changed != right:
                    opened.append(read_customer(KEY, changed, NOW))
            except TokenRefused:
                pass

    # The last character of a signature holds two bits that nobody reads; who it speaks for never changes.
    assert read_customer(KEY, right, NOW) == "anna"
    assert set(opened) <= {"anna"} and len(opened) < 3


def test_a_token_lives_as_long_as_it_may():
    longest = sign_customer(KEY, "42", until=NOW + LONGEST_LIFE)

    assert read_customer(KEY, longest, NOW) == "42"
    with pytest.raises(TokenRefused) as refused:
        read_customer(KEY, longest, NOW + LONGEST_LIFE + timedelta(minutes=2))
    assert refused.value.is_over


async def test_what_is_no_request_is_answered_in_words(runtime: Runtime, client: httpx.AsyncClient):
    headers = shown_to(runtime)

    answers = [
        await client.get("/v1/inbox?limit=0", headers=headers),
        await client.get("/v1/inbox?before=x", headers=headers),
        await client.post("/v1/inbox/read", headers=headers, content=b"{"),
        await client.post("/v1/inbox/read", headers=headers, json={"until": -1}),
        await client.post("/v1/inbox/read", headers=headers, json=[1]),
        await client.post("/v1/inbox/7/read", headers=headers),
        await client.post(f"/v1/inbox/{uuid4()}/read", headers=headers),
    ]

    assert [each.status_code for each in answers] == [422, 422, 400, 422, 422, 422, 404]
    assert {each.headers["content-type"] for each in answers} == {"application/problem+json"}


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/stream", "/v1/inbox/x/read", "/v1/contacts", "/v1/push/key"])
async def test_a_page_of_another_origin_may_ask(client: httpx.AsyncClient, path: str):
    answer = await client.options(path, headers={"origin": "https://shop.example"})

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]


# Streams


@dataclass
class Reader:
    """An EventSource."""

    answer: httpx.Response
    lines: AsyncIterator[str]
    comments: int = 0
    ids: list[str] = field(default_factory=list)

    async def next(self) -> tuple[str, Any]:
        """The next event and what it says."""
        name = ""
        async for line in self.lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("id: "):
                self.ids.append(line.removeprefix("id: "))
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            self.comments += line.startswith(":")
        return "end", None

    async def until(self, name: str) -> Any:
        async with asyncio.timeout(60):
            while True:
                found, said = await self.next()
                if found in (name, "end"):
                    return said if found == name else "end"


@asynccontextmanager
async def listening(server: LiveServer, asked: dict[str, Any], **headers: str) -> AsyncIterator[Reader]:
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=60) as client,
        client.stream("GET", "/v1/inbox/stream", params=asked, headers=headers) as answer,
    ):
        yield Reader(answer, answer.aiter_lines())


async def test_a_page_that_is_open_hears_of_a_message_at_once(shop: Shop, runtime: Runtime, live_server: LiveServer):
    await write(shop, "anna", "before")
    async with listening(live_server, {"token": token(runtime)}) as reader:
        assert reader.answer.headers["content-type"].startswith("text/event-stream")
        assert await reader.until("unread") == {"unread": 1}

        await write(shop, "boris", "for another")
        await write(shop, "anna", "now")

        assert (await reader.until("message"))["text"] == "now"
        assert await reader.until("unread") == {"unread": 2}


async def test_a_page_that_comes_again_hears_of_what_it_missed(shop: Shop, runtime: Runtime, live_server: LiveServer):
    await write(shop, "anna", "seen")
    async with listening(live_server, {"token": token(runtime), "after": 0}) as reader:
        await reader.until("message")
    await write(shop, "anna", "missed")

    async with listening(
        live_server, {"token": token(runtime), "after": 0}, **{"last-event-id": reader.ids[-1]}
    ) as again:
        assert (await again.until("message"))["text"] == "missed"


@pytest.mark.parametrize("seen", ["0" * 20 + "9" * 40, "9" * 19, "9" * 5000, "-1", "one"])
async def test_an_id_that_no_message_has_is_passed_over(
    shop: Shop, runtime: Runtime, live_server: LiveServer, seen: str
):
    await write(shop, "anna", "there")

    async with listening(live_server, {"token": token(runtime), "after": 0}, **{"last-event-id": seen}) as reader:
        assert reader.answer.status_code == 200
        assert (await reader.until("message"))["text"] == "there"


async def test_what_is_read_in_one_page_is_counted_in_the_other(shop: Shop, runtime: Runtime, live_server: LiveServer):
    await write(shop, "anna")
    message = await shop.value("SELECT id FROM message")
    async with listening(live_server, {"token": token(runtime)}) as reader:
        assert await reader.until("unread") == {"unread": 1}

        async with httpx.AsyncClient(base_url=live_server.url, headers=shown_to(runtime), timeout=60) as other:
            await other.post(f"/v1/inbox/{message}/read")

        assert await reader.until("unread") == {"unread": 0}


async def test_one_customer_does_not_take_all_streams(shop: Shop, runtime: Runtime, live_server: LiveServer):
    asked = {"token": token(runtime)}
    async with httpx.AsyncClient(base_url=live_server.url, timeout=60) as client:
        readers = [client.stream("GET", "/v1/inbox/stream", params=asked) for _ in range(inbox_streams.MOST_OF_ONE)]
        opened = [await each.__aenter__() for each in readers]

        refused = await client.get("/v1/inbox/stream", params=asked)

        for each in readers:
            await each.__aexit__(None, None, None)
    assert {each.status_code for each in opened} == {200}
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")


async def test_a_server_that_stops_ends_its_streams(shop: Shop, runtime: Runtime):
    socket = listening_socket("127.0.0.1", 0)
    port, server = socket.getsockname()[1], api_server(runtime)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    while not server.started:
        await asyncio.sleep(0.01)
    async with listening(LiveServer(f"http://127.0.0.1:{port}", port), {"token": token(runtime)}) as reader:
        await reader.until("unread")

        server.stop()

        assert await reader.until("never") == "end"
    async with asyncio.timeout(60):
        await serving


async def test_messages_leave_the_inbox_after_some_months(shop: Shop, runtime: Runtime, client: httpx.AsyncClient):
    await write(shop, "anna", "old")
    await shop.execute("UPDATE inbox_message SET at = now() - interval '91 days'")
    await write(shop, "anna", "new")

    await forget_old(runtime)

    assert [each["text"] for each in (await inbox(client, runtime))["messages"]] == ["new"]
