"""A live server, and a proxy before it that loses answers, as networks do."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.api.conftest import LiveServer


class LossyProxy:
    """Hands requests on, and tells the client 503 for the first few, which were stored all the same."""

    def __init__(self, target: str, *, losses: int) -> None:
        self.messages: Counter[str] = Counter()  # how often each messageId came by
        self._answered = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                answer = httpx.post(target + self.path, content=body, headers=headers, timeout=60)
                is_lost = proxy._note(body) <= losses
                self.send_response(503 if is_lost else answer.status_code)
                self.send_header("content-length", str(0 if is_lost else len(answer.content)))
                self.end_headers()
                self.wfile.write(b"" if is_lost else answer.content)

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def _note(self, body: bytes) -> int:
        unpacked = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        self.messages.update(item["messageId"] for item in json.loads(unpacked)["batch"])
        self._answered += 1
        return self._answered

    def __enter__(self) -> LossyProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def lossy_proxy(live_server: LiveServer) -> Iterator[LossyProxy]:
    with LossyProxy(live_server.url, losses=2) as proxy:
        yield proxy
