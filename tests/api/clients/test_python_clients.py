"""Clients from PyPI, unmodified, against a live server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from tests.api.clients.conftest import LossyProxy
from tests.api.clients.expected import assert_stored_once
from tests.api.conftest import KEY, LiveServer, Stored

CLIENTS = {
    "segment-analytics-python": ("segment.analytics.client", {"gzip": False}),
    "segment-analytics-python, gzip": ("segment.analytics.client", {"gzip": True}),
    "rudder-sdk-python": ("rudderstack.analytics.client", {}),
    "rudder-sdk-python, no gzip": ("rudderstack.analytics.client", {"gzip": False}),
    "customerio-cdp-analytics": ("customerio.analytics.client", {}),
}


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_python_client_is_served(live_server: LiveServer, stored: Stored, name: str) -> None:
    await asyncio.to_thread(_send_all, name, live_server.url)

    await assert_stored_once(stored)


@pytest.mark.parametrize("name", ["segment-analytics-python", "rudder-sdk-python"])
async def test_what_a_python_client_sends_again_is_stored_once(
    lossy_proxy: LossyProxy, stored: Stored, name: str
) -> None:
    await asyncio.to_thread(_send_all, name, lossy_proxy.url)

    assert max(lossy_proxy.messages.values()) > 1
    await assert_stored_once(stored)


FLUSH_AT_EXIT = """
import sys
import segment.analytics as analytics
analytics.write_key, analytics.host = sys.argv[1:]
analytics.track("42", "Order Completed", message_id="m-1")
"""


async def test_a_program_that_ends_at_once_still_delivers(live_server: LiveServer, stored: Stored) -> None:
    command = [sys.executable, "-c", FLUSH_AT_EXIT, KEY, live_server.url]

    await asyncio.to_thread(subprocess.run, command, check=True, timeout=120)

    [event] = await stored.events()
    assert event["body"]["messageId"] == "m-1"


async def test_a_wrong_key_reaches_the_clients_error_handler_as_what_it_is(live_server: LiveServer) -> None:
    errors: list[Any] = []

    def send() -> None:
        client = _client(
            "segment-analytics-python", live_server.url, key="wrong", on_error=lambda e, _: errors.append(e)
        )
        client.track("42", "Order Completed")
        client.join() if client.flush() else None

    await asyncio.to_thread(send)

    [error] = errors
    assert (error.status, error.code) == (401, "invalid_write_key")


def _client(name: str, url: str, *, key: str = KEY, **options: Any) -> Any:
    module, own = CLIENTS[name]
    return import_module(module).Client(key, host=url, **own, **options)


def _send_all(name: str, url: str) -> None:
    client = _client(name, url)
    # Segment reserves names like `firstName`, and its clients send them so.
    traits = {"email": "a@b.c", "firstName": "Ann"}
    client.identify("42", traits=traits, anonymous_id="anonymous-1", message_id="identify-1")
    for number in range(10):
        client.track(
            "42",
            "Order Completed",
            {"total": 12.5, "number": number, "note": "Ёлка 🎄"},
            context={"timezone": "Europe/Moscow"},
            message_id=f"track-{number}",
        )
    client.page("42", name="Home", message_id="page-1")
    client.screen("42", name="Cart", message_id="screen-1")
    client.group("42", "acme", {"plan": "gold"}, message_id="group-1")
    client.alias("anonymous-2", "42", message_id="alias-1")
    client.flush()
    client.join()
