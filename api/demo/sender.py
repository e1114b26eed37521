"""The shop's side: the real Segment client, pointed at this server."""

from __future__ import annotations

from typing import Any

from api.demo.day import Happening
from engine.errors import ConfigurationError


class Sender:
    """Sends in the background, as in any app. `refused` counts what the client gave up on."""

    def __init__(self, url: str, write_key: str) -> None:
        try:
            from segment.analytics.client import Client
        except ImportError as error:
            raise ConfigurationError("the demo sends with the Segment client: pip install 'kogda[demo]'") from error
        # Every 0.1 s instead of 0.5: waits are seconds here, and an order must come before its cart's reminder.
        self._client = Client(write_key, host=url, upload_interval=0.1, on_error=self._note_error)
        self.sent = 0
        self.refused: list[str] = []

    def send(self, happening: Happening) -> None:
        shopper = happening.shopper
        anonymous = f"browser-{shopper.id}" if shopper.is_new else None
        self.sent += 1
        if happening.kind == "identify":
            self._client.identify(shopper.id, traits=shopper.traits, anonymous_id=anonymous)
        elif happening.is_anonymous:
            self._client.track(anonymous_id=anonymous, event=happening.name, properties=happening.properties)
        else:
            self._client.track(shopper.id, happening.name, happening.properties)

    def finish(self) -> None:
        """Returns when everything is sent or given up."""
        self._client.flush()
        self._client.join()

    def _note_error(self, error: Exception, batch: list[dict[str, Any]]) -> None:
        self.refused.extend(str(error) for _ in batch)
