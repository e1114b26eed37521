"""Slow, greedy and broken connections, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator

import orjson
import pytest

from api.server import protocol
from tests.api.conftest import KEY, LiveServer, Stored, api_settings, batch, live, track

AUTHORIZATION = b"Authorization: Basic " + base64.b64encode(f"{KEY}:".encode()) + b"\r\n"
HEAD = b"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\n" + AUTHORIZATION
PATIENCE_S = 60


@pytest.fixture
def hurried_server(database_url: str) -> Iterator[LiveServer]:
    with live(api_settings(database_url), headers_s=0.5, body_s=0.8) as server:
        yield server


@pytest.fixture
def server_of_eight(database_url: str) -> Iterator[LiveServer]:
    with live(api_settings(database_url, max_connections=8), headers_s=600, body_s=0.8) as server:
        yield server


async def test_a_client_that_never_ends_its_headers_is_cut_off(hurried_server: LiveServer) -> None:
    answer, took = await _drip(hurried_server, b"GET / HTTP/1.1\r\nX-Slow: ", b"x")

    assert (_status(answer), _problem(answer)["code"]) == (408, "too_slow")
    assert took < PATIENCE_S


async def test_a_client_that_never_ends_its_body_is_cut_off(hurried_server: LiveServer, stored: Stored) -> None:
    answer, took = await _drip(hurried_server, HEAD + b"Content-Length: 5000\r\n\r\n", b" ")

    assert (_status(answer), _problem(answer)["code"]) == (408, "too_slow")
    assert took < PATIENCE_S
    assert await stored.events() == []


async def test_a_connection_that_says_nothing_is_closed(hurried_server: LiveServer) -> None:
    _, took = await _exchange(hurried_server, b"")

    assert took < PATIENCE_S


async def test_slow_clients_do_not_keep_others_from_being_served(server_of_eight: LiveServer, stored: Stored) -> None:
    endless = HEAD + b"Content-Length: 5000\r\n\r\n"
    slow = [asyncio.create_task(_drip(server_of_eight, endless, b" ")) for _ in range(6)]
    await asyncio.sleep(0)

    answer, _ = await _exchange(server_of_eight, _request(batch(track())))

    assert _status(answer) == 200
    assert all(_status(answer) == 408 for answer, _ in await asyncio.gather(*slow))


async def test_more_connections_than_allowed_are_told_to_come_back(server_of_eight: LiveServer) -> None:
    opened = [await asyncio.open_connection("127.0.0.1", server_of_eight.port) for _ in range(12)]
    reading = {asyncio.create_task(_read_all(reader)) for reader, _ in opened}

    told = set[asyncio.Task[bytes]]()
    async with asyncio.timeout(PATIENCE_S):
        while len(told) < 4:
            told |= (await asyncio.wait(reading - told, return_when=asyncio.FIRST_COMPLETED))[0]
    for _, writer in opened:
        writer.close()
    left = await asyncio.gather(*(reading - told))

    assert {(_status(each.result()), _problem(each.result())["code"]) for each in told} == {
        (503, "too_many_connections")
    }
    assert (len(told), left) == (4, [b""] * 8)


async def test_an_answer_arrives_in_one_piece(live_server: LiveServer, stored: Stored) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", live_server.port)

    answers = []
    for number in range(20):
        writer.write(_request(batch(track(messageId=str(number)))).replace(b"Connection: close\r\n", b""))
        answers.append(await reader.read(65_536))
    writer.close()

    assert all(answer.endswith(b'{"success":true}') for answer in answers)


BROKEN = {
    "not HTTP": (b"\x16\x03\x01 hello\r\n\r\n", 400, "invalid_request"),
    "no such version": (b"GET / HTTP/9.9\r\n\r\n", 400, "invalid_request"),
    "large headers": (b"GET / HTTP/1.1\r\n" + b"X-A: " + b"x" * 50_000 + b"\r\n\r\n", 431, "headers_too_large"),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
    "long address": (b"GET /" + b"x" * 50_000 + b" HTTP/1.1\r\n\r\n", 431, "headers_too_large"),
    "two lengths": (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "invalid_request"),
    "length and chunks": (
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "invalid_request",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_not_a_valid_request_gets_a_problem(live_server: LiveServer, what: str) -> None:
    request, status, code = BROKEN[what]

    answer, _ = await _exchange(live_server, request)

    assert (_status(answer), _problem(answer)["code"]) == (status, code)


async def test_a_body_in_chunks_and_two_requests_on_one_connection_are_served(
    live_server: LiveServer, stored: Stored
) -> None:
    body = batch(track("chunked"))
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    answer, _ = await _exchange(live_server, chunked + _request(batch(track("second"))))

    assert answer.count(b'{"success":true}') == 2
    assert await stored.names() == ["chunked", "second"]


OFFERS = {
    "h2c": b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n",
}


@pytest.mark.parametrize("offer", OFFERS)
async def test_a_request_that_offers_another_protocol_is_served_and_so_is_the_next(
    live_server: LiveServer, stored: Stored, offer: str
) -> None:
    body = batch(track("offered"))
    offering = HEAD + OFFERS[offer] + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    answer, _ = await _exchange(live_server, offering + offering + _request(batch(track("next"))))

    assert answer.count(b'{"success":true}') == 3
    assert await stored.names() == ["offered", "offered", "next"]


async def test_a_body_that_comes_after_the_offer_of_another_protocol_is_read(
    live_server: LiveServer, stored: Stored
) -> None:
    body = batch(track("offered"))
    reader, writer = await asyncio.open_connection("127.0.0.1", live_server.port)
    writer.write(HEAD + OFFERS["h2c"] + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))

    asked_for = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    writer.write(body)
    answer = await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE_S)
    writer.close()

    assert asked_for.startswith(b"HTTP/1.1 100")
    assert answer.endswith(b'{"success":true}')
    assert await stored.names() == ["offered"]


async def test_thousands_of_offers_at_once_are_passed_over_one_after_another(live_server: LiveServer) -> None:
    offering = b"GET /health/live HTTP/1.1\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"

    answer, _ = await _exchange(live_server, offering * 3_000 + offering.replace(b"upgrade\r\n", b"close\r\n"))

    assert answer.count(b"HTTP/1.1 200") == 3_001


async def test_a_client_that_leaves_before_the_answer_leaves_nothing_half_done(
    live_server: LiveServer, stored: Stored
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", live_server.port)
    writer.write(HEAD + b"Content-Length: 5000\r\n\r\n" + batch(track()))
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    answer, _ = await _exchange(live_server, _request(batch(track("next"))))

    assert _status(answer) == 200
    assert await stored.names() == ["next"]


def test_the_deadlines_are_those_that_are_promised() -> None:
    assert (protocol.HEADERS_S, protocol.BODY_S) == (10, 30)


def _request(body: bytes) -> bytes:
    return HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def _exchange(server: LiveServer, request: bytes) -> tuple[bytes, float]:
    """Everything the server says until it closes, and how long that took."""
    return await _drip(server, request, b"")


async def _drip(server: LiveServer, request: bytes, drop: bytes) -> tuple[bytes, float]:
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    reading = asyncio.create_task(_read_all(reader))
    while not reading.done() and time.monotonic() - began < PATIENCE_S:
        if drop:
            writer.write(drop)
        await asyncio.wait([reading], timeout=0.05)
    writer.close()
    return await reading, time.monotonic() - began


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    content = b""
    try:
        while part := await reader.read(65536):
            content += part
    except ConnectionResetError:
        pass
    return content


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def _problem(answer: bytes) -> dict[str, object]:
    problem: dict[str, object] = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    return problem
