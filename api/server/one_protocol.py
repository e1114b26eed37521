"""HTTP/1.1 that stays HTTP/1.1: an offer to go on in another protocol is passed over, and the request is served."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneProtocol(HttpToolsProtocol):
    """Java's client and `curl --http2` offer h2c with each first request. httptools takes what follows the headers of
    such a request for the other protocol's, and uvicorn drops it: an event would be lost. So the parser reads the
    request again, without the offer."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._read(memoryview(data))
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        if not self._has_an_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._has_an_offer():
            super().on_message_complete()

    def _has_an_offer(self) -> bool:
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _read(self, rest: memoryview) -> None:
        while True:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                rest = rest[offer.args[0] :]
                head = self._head_without_the_offer()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
                self.parser.feed_data(head)
            else:
                return

    def _head_without_the_offer(self) -> bytes:
        head = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        head += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*head, b"", b""])
