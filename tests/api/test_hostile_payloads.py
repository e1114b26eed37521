"""What a hostile or broken client sends: a clear refusal, never a 5xx, never a row that poisons the queue."""

from __future__ import annotations

import bz2
import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from api.ingest.batches import items_of, read_items
from api.ingest.items import Envelope
from api.ingest.payload import payload_of, unpacked
from api.server.problems import Problem
from tests.api.conftest import Stored, batch, track

ENVELOPE = Envelope(source="s", received_at=datetime(2026, 1, 5, tzinfo=UTC), partitions=64, max_event_bytes=32 * 1024)
DEEP = b'{"batch":[{"type":"track","event":"e","userId":"1","properties":' + b'{"a":' * 100_000


def _item(properties: bytes) -> bytes:
    return b'{"type":"track","event":"bad","userId":"1","properties":' + properties + b"}"


#: What stands for `properties`, and the path that the reject must name.
POISON: dict[str, tuple[bytes, str]] = {
    "NaN": (b'{"a":NaN}', "$.properties.a"),
    "Infinity": (b'{"a":-Infinity}', "$.properties.a"),
    "1e400": (b'{"a":1e400}', "$.properties.a"),
    "NUL": (b'{"a":"x\\u0000y"}', "$.properties.a"),
    "NUL in a key": (b'{"x\\u0000y":1}', "$.properties"),
    "lone surrogate": (b'{"a":"\\ud800"}', "$.properties.a"),
    "invalid UTF-8": (b'{"a":"\xff\xfe"}', "$.properties.a"),
    "2^63": (b'{"a":9223372036854775808}', "$.properties.a"),
    "2^64": (b'{"a":18446744073709551616}', "$.properties.a"),
    "400 digits": (b'{"a":' + b"9" * 400 + b"}", "$.properties.a"),
    "5,000 digits": (b'{"a":' + b"9" * 5000 + b"}", "$.properties.a"),
    "depth 20": (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", "$.properties.a" + "[0]" * 15),
    "depth 500": (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "$.properties.a" + "[0]" * 15),
    "300 keys": (orjson.dumps(dict.fromkeys(map(str, range(300)))), "$.properties"),
    "long text": (orjson.dumps({"a": "x" * 9000}), "$.properties.a"),
    "large event": (orjson.dumps({str(key): "x" * 8000 for key in range(6)}), "$"),
    "not an object": (b"[1]", "$.properties"),
}


@pytest.mark.parametrize("poison", POISON)
async def test_poison_is_rejected_with_its_path_and_its_neighbours_are_stored(
    client: httpx.AsyncClient, stored: Stored, poison: str
) -> None:
    properties, path = POISON[poison]
    body = b'{"batch":[%s,%s,%s]}' % (orjson.dumps(track("one")), _item(properties), orjson.dumps(track("two")))

    answer = await client.post("/v1/batch", content=body)

    assert answer.status_code == 200
    assert await stored.names() == ["one", "two"]
    [reject] = await stored.rejects()
    assert reject["path"] == path
    assert reject["reason"]


WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"event": 7}, "$.event"),
    ({"event": None}, "$.event"),
    ({"event": "🎉"}, "$.event"),
    ({"event": "x" * 129}, "$.event"),
    ({"event": "a\0b"}, "$.event"),
    ({"userId": {}}, "$.userId"),
    ({"userId": True}, "$.userId"),
    ({"userId": 1.5}, "$.userId"),
    ({"userId": "x" * 257}, "$.userId"),
    ({"userId": "a\0b"}, "$.userId"),
    ({"userId": None}, "$.userId"),
    ({"messageId": []}, "$.messageId"),
    ({"messageId": "m\0"}, "$.messageId"),
    ({"properties": 5}, "$.properties"),
    ({"context": "x"}, "$.context"),
    ({"context": {"timezone": "\0"}}, "$.context.timezone"),
    ({"timestamp": "soon"}, "$.timestamp"),
    ({"timestamp": {}}, "$.timestamp"),
    ({"timestamp": "0001-01-01T00:00:00Z"}, "$.timestamp"),
    ({"timestamp": "0001-01-01T00:00:00+10:00"}, "$.timestamp"),
    ({"timestamp": 10**18}, "$.timestamp"),
    ({"type": []}, "$.type"),
    ({"type": "TRACK"}, "$.type"),
    ({"type": "identify", "traits": [1]}, "$.traits"),
    ({"type": "identify", "traits": None, "context": {"traits": 7}}, "$.context.traits"),
    ({"type": "group"}, "$.groupId"),
    ({"type": "alias"}, "$.previousId"),
]


@pytest.mark.parametrize(("fields", "path"), WRONG_FIELDS, ids=[str(fields)[:60] for fields, _ in WRONG_FIELDS])
def test_a_field_of_the_wrong_kind_is_named(fields: dict[str, Any], path: str) -> None:
    reading = read_items([{**track(), **fields}], ENVELOPE)

    [reject] = reading.rejects
    assert reject.path == path
    assert reading.events == []


HARMLESS = [{"sentAt": "nonsense"}, {"sentAt": [1]}, {"historical": "yes"}, {"integrations": 5}, {"sentAt": 10**40}]


@pytest.mark.parametrize("fields", HARMLESS, ids=str)
async def test_nonsense_in_a_field_that_can_be_done_without_is_passed_over(
    client: httpx.AsyncClient, stored: Stored, fields: dict[str, Any]
) -> None:
    item = track(timestamp="2026-01-05T10:00:00Z")

    body = {"batch": [item, {**item, "event": "other", **fields}], **fields}
    answer = await client.post("/v1/batch", content=json.dumps(body))

    assert answer.status_code == 200
    assert await stored.names() == ["order_completed", "other"]


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "invalid_json"),
    "half": (b'{"batch":[', 400, "invalid_json"),
    "depth 100,000": (DEEP, 400, "invalid_json"),
    "depth 50,000": (b"[" * 50_000 + b"]" * 50_000, 400, "invalid_json"),
    "utf-16": ('{"batch":[]}'.encode("utf-16"), 400, "invalid_json"),
    "binary": (Random(1).randbytes(1000), 400, "invalid_json"),
    "1 M keys, packed": (gzip.compress(b'{"batch":[{' + b'"a":1,' * 1_000_000), 413, "too_large"),
    "10,000 items": (orjson.dumps({"batch": [0] * 10_000}), 413, "too_many_events"),
    "broken gzip": (b"\x1f\x8b" + Random(1).randbytes(50), 400, "invalid_gzip"),
    "cut gzip": (gzip.compress(batch(track()))[:-9], 400, "invalid_gzip"),
    "gzip and more": (gzip.compress(batch(track())) + b"x", 400, "invalid_gzip"),
    "gzip bomb": (gzip.compress(b" " * 100_000_000), 413, "too_large"),
    "cut in its second member": ((gzip.compress(batch(track())) + gzip.compress(b" " * 99))[:-9], 400, "invalid_gzip"),
    "gzip bomb in its second member": (gzip.compress(b"{}") + gzip.compress(b" " * 100_000_000), 413, "too_large"),
    "gzip bomb of many members": (gzip.compress(b" " * 900) * 15_000, 413, "too_large"),
    "gzip of members that hold nothing": (gzip.compress(b"") * 25_000, 400, "invalid_json"),
    "gzip within gzip": (gzip.compress(gzip.compress(b"{}")), 400, "invalid_json"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_body_that_cannot_be_read_is_refused_whole(what: str) -> None:
    body, status, code = REFUSED[what]
    began = time.process_time()

    with pytest.raises(Problem) as refused:
        items_of(payload_of(unpacked(body, 500 * 1024)).content, "batch", 2500)

    assert (refused.value.status, refused.value.code) == (status, code)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("what", [what for what in REFUSED if "bomb" in what or "packed" in what])
def test_a_bomb_is_refused_before_it_is_unpacked(what: str) -> None:
    body, limit = REFUSED[what][0], 500 * 1024
    tracemalloc.start()

    with pytest.raises(Problem):
        unpacked(body, limit)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * limit


@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress, lambda text: text.decode().encode("utf-16")])
async def test_a_body_in_another_packing_or_alphabet_is_told_what_is_read(
    client: httpx.AsyncClient, pack: Callable[[bytes], bytes]
) -> None:
    answer = await client.post("/v1/batch", content=pack(batch(track())))

    assert answer.status_code == 400
    assert "neither JSON in UTF-8 nor such JSON packed by gzip" in answer.json()["detail"]


async def test_a_body_over_the_limit_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    answers = [
        await client.post("/v1/batch", content=b"x" * 600_000),
        await client.post("/v1/batch", content=_in_pieces(b"x" * 60_000, 10)),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(413, "too_large")] * 2


async def _in_pieces(piece: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield piece


async def test_a_small_body_that_unpacks_beyond_all_measure_is_refused_early(client: httpx.AsyncClient) -> None:
    padded = b'{"batch":[]}' + b" " * 400_000  # within the limit unpacked, but packed a thousand times

    answer = await client.post("/v1/batch", content=gzip.compress(padded))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_of_two_equal_keys_the_last_counts(client: httpx.AsyncClient, stored: Stored) -> None:
    await client.post("/v1/track", content=b'{"event":"a","event":"b","userId":"1","properties":{"x":1,"x":2}}')

    [event] = await stored.events()
    assert (event["name"], event["body"]["properties"]) == ("b", {"x": 2})


async def test_a_full_batch_of_the_largest_count_is_stored(client: httpx.AsyncClient, stored: Stored) -> None:
    items = [{"type": "track", "event": f"e{number}", "userId": number} for number in range(2500)]

    answer = await client.post("/v1/batch", content=batch(*items))

    assert answer.status_code == 200
    assert len(await stored.events()) == 2500


async def test_what_sql_and_templates_would_read_as_commands_is_only_text(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    hostile = "'; DROP TABLE event; -- {{ 7*7 }} ${jndi:ldap://x} <script>"

    await client.post("/v1/track", json=track(hostile, userId=hostile, properties={hostile: hostile}))

    [event] = await stored.events()
    assert event["body"]["key"] == "u:" + hostile
    assert event["body"]["properties"] == {hostile: hostile}
