"""Drill 29: each operation of the described API lets in those whom it says it does, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.server.app import create_app
from engine.clock import utc_now
from engine.links.customer_tokens import inbox_key, sign_customer
from engine.runtime import Runtime
from tests.api.conftest import ADMIN_KEY, KEY

#: Who each scheme of the description lets in.
SCHEMES = {
    "writeKey": "write key",
    "writeKeyBearer": "write key",
    "adminKey": "admin key",
    "adminKeyBasic": "admin key",
    "customerToken": "customer",
    "customerTokenInQuery": "customer",
}
#: What is read without a key, because it is no secret or proves itself: signed callbacks, a signed press.
FOR_ANYBODY = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("get", "/v1/projects/{key}/settings"),
    ("get", "/v1/push/key"),
    ("post", "/v1/push/clicked"),
    ("post", "/callbacks/{provider}"),
}
SAMPLES = {"key": "u:42", "provider": "twilio", "channel": "email", "address": "a@b.example"}


def test_what_anybody_may_ask_for_is_listed_here(runtime: Runtime):
    found = {
        (method, path)
        for path, operations in create_app(runtime).openapi()["paths"].items()
        for method, operation in operations.items()
        if not operation.get("security")
    }

    assert found == FOR_ANYBODY


async def test_each_operation_lets_in_whom_it_says_and_nobody_else(client: httpx.AsyncClient, runtime: Runtime):
    operations = [
        (method, path, operation)
        for path, found in create_app(runtime).openapi()["paths"].items()
        for method, operation in found.items()
        if operation.get("security") and "stream" not in path
    ]
    wrong = []

    for method, path, operation in operations:
        allowed = {SCHEMES[name] for each in operation["security"] for name in each}
        for who, headers in _visitors(runtime).items():
            answer = await client.request(method, _filled(path), headers=headers, content=b"{}")
            if (answer.status_code not in (401, 403)) is not (who in allowed):
                wrong.append((who, method, path, answer.status_code))

    assert wrong == []
    assert len(operations) > 25


def _visitors(runtime: Runtime) -> dict[str, dict[str, str]]:
    token = sign_customer(inbox_key(runtime.link_key), "42", until=utc_now() + timedelta(hours=1))
    keys = {"nobody": None, "write key": KEY, "admin key": ADMIN_KEY, "customer": token, "stranger": "guess"}
    return {who: {"authorization": f"Bearer {key}"} if key else {} for who, key in keys.items()}


def _filled(path: str) -> str:
    samples: dict[str, Any] = {**SAMPLES, "message": UUID(int=1)}
    for name, value in samples.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


@pytest.fixture
def client(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Without a key of its own."""
    client.auth = None  # type: ignore[assignment]
    return client
