"""Clients that leave in the middle of a request."""

from __future__ import annotations

from typing import Any

import pytest

from api.server.app import create_app
from engine.runtime import Runtime


@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/track", "/callbacks/mail", "/callbacks/telegram"])
async def test_a_body_that_is_cut_off_is_no_crash(runtime: Runtime, path: str):
    """A crash is raised on to the server, which logs it: anybody could fill the log with them."""
    said = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(said)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
        "headers": [(b"content-length", b"100"), (b"authorization", b"Bearer test-key")],
        "client": ("127.0.0.1", 50000), "server": ("localhost", 80),
    }  # fmt: skip

    await create_app(runtime)(scope, receive, send)

    assert 400 <= answers[0]["status"] < 500
