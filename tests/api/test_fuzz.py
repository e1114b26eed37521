"""Whatever is sent: no 5xx, one shape of errors."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.clock import utc_now
from engine.embedded import EmbeddedServices
from engine.links.customer_tokens import inbox_key, sign_customer
from tests.api.conftest import ADMIN_KEY, KEY, api_settings, live
from tests.api.own_process import apart
from tests.drills.sizes import sized
from tests.drills.stage import Record

LINK_SECRET = "a secret of tests that is long enough"
WARM_UP, STRANGE = 100, sized(400, 10_000)  # of four requests each
MOST_MIB = sized(10, 50)
PATIENT_S = 86_400.0  # no worker decides what is stored here, and a night of it takes longer than an API puts up with
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "message"}
# One server for all examples of a test: nothing that an example leaves behind changes what another may answer.
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}

FIELDS = (
    *("event", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "originalTimestamp"),
    *("sentAt", "properties", "traits", "context", "historical", "integrations", "name", "category"),
)

_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["\0", "track", "1e9"])),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=9), inner, max_size=5)),
    max_leaves=20,
)
_ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "x"])},
    optional={field: st.one_of(_JSON, st.sampled_from(["42", 42, "2026-01-05T10:00:00Z", {}])) for field in FIELDS},
)
_BODY = st.one_of(
    st.fixed_dictionaries({"batch": st.lists(_ITEM, max_size=4)}, optional={"sentAt": _JSON, "context": _JSON}),
    _ITEM,
    _JSON,
)
_PATH = st.sampled_from(["track", "t", "identify", "page", "screen", "group", "alias", "batch", "import"])


@dataclass(frozen=True, slots=True)
class Target:
    """A live server and one client for all requests: making a client costs more than a request."""

    url: str
    port: int
    client: httpx.Client


@pytest.fixture(scope="module")
def server(services: EmbeddedServices, template_database: str) -> Iterator[Target]:
    with (
        _database(services, template_database) as url,
        live(api_settings(url, link_secret=LINK_SECRET, max_backlog_s=PATIENT_S)) as server,
        httpx.Client(timeout=60) as client,
    ):
        yield Target(server.url, server.port, client)


@given(path=_PATH, body=_BODY, is_strict=st.booleans())
@settings(max_examples=sized(150, 3500), **RELAXED)
def test_json_of_any_shape_is_stored_or_refused(server: Target, path: str, body: Any, is_strict: bool) -> None:
    content = _written(body)

    answer = _post(server, f"/v1/{path}", content, params={"strict": "1"} if is_strict else {})

    assert answer.status_code in (200, 400, 413)
    _assert_one_shape(answer)


@given(path=_PATH, body=st.binary(max_size=400))
@settings(max_examples=sized(150, 3500), **RELAXED)
def test_bytes_of_any_kind_are_refused(server: Target, path: str, body: bytes) -> None:
    answer = _post(server, f"/v1/{path}", body)

    assert answer.status_code in (200, 400, 413)
    _assert_one_shape(answer)


@given(st.data())
@settings(max_examples=sized(100, 2000), **RELAXED)
def test_a_good_body_with_broken_bytes_is_stored_or_refused(server: Target, data: st.DataObject) -> None:
    body = bytearray(
        b'{"batch":[{"type":"track","event":"Order Completed","userId":"4","properties":{"t":1.5,"n":"\\u0041"}}]}'
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    answer = _post(server, "/v1/batch", bytes(body))

    assert answer.status_code in (200, 400)
    _assert_one_shape(answer)


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([b"\r\n", b"POST /v1/t HTTP/1.1\r\n", b"Host: x\r\n"])))
)
@settings(max_examples=sized(80, 1500), **RELAXED)
def test_a_socket_takes_any_bytes_without_a_5xx(server: Target, parts: list[bytes]) -> None:
    answer = asyncio.run(_raw(server, b"".join(parts) + b"\r\n\r\n"))

    assert not answer.startswith(b"HTTP/1.1 5")
    if answer.startswith(b"HTTP/1.1 4"):
        assert b"application/problem+json" in answer


def test_requests_without_end_that_are_all_different_leave_no_memory_behind(
    services: EmbeddedServices, template_database: str, record_property: Record
) -> None:
    """Each names what no other has named: what is kept for each of them adds up."""
    with (
        _database(services, template_database, name="strange") as url,
        apart(api_settings(url, max_backlog_s=PATIENT_S)) as (server, process),
        httpx.Client(base_url=server.url, auth=(KEY, ""), timeout=60) as client,
    ):
        for number in range(WARM_UP):
            _send_strange(client, number)
        before = process.memory_info().rss
        for number in range(WARM_UP, WARM_UP + STRANGE):
            _send_strange(client, number)
        mib = (process.memory_info().rss - before) / 2**20

    record_property("requests", STRANGE)
    record_property("MiB more", round(mib, 1))
    assert mib < MOST_MIB


def test_what_the_intake_remembers_of_names_has_an_end() -> None:
    """Names are too short for the memory of a process to tell."""
    remembered = [
        value
        for name, module in list(sys.modules.items())
        if name.startswith("api.ingest.")
        for value in vars(module).values()
        if hasattr(value, "cache_parameters")
    ]

    assert remembered
    assert all(each.cache_parameters()["maxsize"] for each in remembered)


def _send_strange(client: httpx.Client, number: int) -> None:
    random, name = Random(number), f"{number}-" + "x" * 200
    good = orjson.dumps({"type": "track", "event": name[:128], "userId": name, "messageId": name, "context": {name: 1}})
    broken = bytearray(good)
    for _ in range(random.randint(1, 4)):
        broken[random.randrange(len(broken))] = random.randrange(256)
    headers = {f"x-{number}": name, "cookie": f"c{number}={name}", "x-forwarded-for": f"2001:db8::{number:x}"}
    answers = [
        client.post("/v1/track", content=good if number % 2 else bytes(broken), headers=headers),
        client.post("/v1/batch", content=b'{"batch":[%s,%s]}' % (good, bytes(broken)), params={name: "1"}),
        client.get(f"/{name}"),
        client.get(f"/u/{name}", headers={"authorization": f"Bearer {name}"}),
    ]
    assert all(answer.status_code < 500 for answer in answers)


def test_the_described_api_answers_as_described(server: Target) -> None:
    described = schemathesis.openapi.from_url(f"{server.url}/openapi.json", timeout=60)
    operations = [result.ok() for result in described.get_all_operations()]

    with requests.Session() as session:
        for operation in operations:
            _try_operation(operation, session)

    assert len(operations) > 20


def _try_operation(operation: Any, session: requests.Session) -> None:
    @given(operation.as_strategy())
    @settings(max_examples=sized(12, 150), **RELAXED)
    def call(case: schemathesis.Case) -> None:
        answer = case.call(headers=_credentials(case.path), session=session, timeout=60)

        assert answer.status_code < 500 or _may_wait(case.path, answer)
        _assert_one_shape(answer)
        case.validate_response(answer, checks=[schemathesis.checks.CHECKS.get_one("status_code_conformance")])

    call()


def _may_wait(path: str, answer: Any) -> bool:
    """The workers of this server are away, and a question about a text has its time, which a busy machine may take."""
    code = path.startswith("/api/language/") and orjson.loads(answer.content).get("code")
    return answer.status_code == 503 and (path == "/health/ready" or code == "busy")


def _credentials(path: str) -> dict[str, str]:
    """Of who may: a stream of news would not end, so nobody is let in there."""
    if path.startswith("/v1/inbox") and "stream" not in path:
        key = inbox_key(LINK_SECRET.encode())
        return {"Authorization": f"Bearer {sign_customer(key, '42', until=utc_now() + timedelta(hours=1))}"}
    return {"Authorization": f"Bearer {ADMIN_KEY if path.startswith('/api') else KEY}"}


@contextmanager
def _database(services: EmbeddedServices, template: str, name: str = "fuzz") -> Iterator[str]:
    url = services.endpoints.database_url
    asyncio.run(_execute(url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield url.replace("/kogda?", f"/{name}?")
    asyncio.run(_execute(url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def _written(body: Any) -> bytes:
    """As Python's own writer does, which lets NaN, surrogates and huge numbers through."""
    return json.dumps(body).encode()


def _post(server: Target, path: str, content: bytes, **options: Any) -> httpx.Response:
    return server.client.post(server.url + path, content=content, auth=(KEY, ""), **options)


def _assert_one_shape(answer: Any) -> None:
    if answer.status_code >= 400:
        assert "application/problem+json" in answer.headers["content-type"]  # text, or a list of texts
        problem = orjson.loads(answer.content)
        assert set(problem) - {"errors"} == PROBLEM_FIELDS
        assert problem["status"] == answer.status_code
        assert "Traceback" not in answer.text


async def _raw(server: Target, content: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(content)
    writer.write_eof()
    try:
        answer = await asyncio.wait_for(reader.read(65536), 60)
    except ConnectionResetError:
        answer = b""
    writer.close()
    return answer
