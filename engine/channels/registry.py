"""The channels of kogda.yaml besides email, opened when they are first needed. Its credentials are in the environment.

A channel without settings, and on a server that sends no mail for real also one without its credentials, shows its
messages on the mailbox page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from engine.channels import Channel, Handover, TryLater, Verdict
from engine.channels.credentials import Credentials
from engine.channels.http_post import Asker
from engine.channels.mailbox import KeepMail, MailboxChannel
from engine.channels.push import open_push, open_what_there_is
from engine.channels.sms_gateway import open_gateway
from engine.channels.sms_twilio import open_twilio
from engine.channels.telegram import open_telegram
from engine.errors import NotReady

#: From the settings of a channel to the channel. Raises NotReady.
Opener: TypeAlias = Callable[[Mapping[str, Any], Credentials, Asker], Channel]

#: By provider, as kogda.yaml names them: see engine/workspace/channels.py.
OPENERS: dict[str, Opener] = {
    "twilio": open_twilio,
    "gateway": open_gateway,
    "telegram": open_telegram,
    "push": open_push,
}
#: For those that have several providers, when one misses its credentials.
OPENERS_IN_PART: dict[str, Opener] = {"push": open_what_there_is}


@dataclass(slots=True)
class WaitingChannel:
    """The operator must set something first; until then its messages wait."""

    reason: str

    async def send(self, handover: Handover) -> Verdict:
        return TryLater(self.reason, is_outage=True)

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class Registry:
    """One per process. A channel is opened again only when its settings change."""

    asker: Asker
    secrets: Mapping[str, str]  # the environment
    keep: KeepMail
    is_real: bool  # this server sends mails for real
    link_key: bytes = b""  # of the installation
    public_url: str | None = None  # where providers reach this server; None: they cannot
    _opened: dict[bytes, Channel] = field(default_factory=dict)

    def find(self, name: str, settings: Mapping[str, Any]) -> Channel | None:
        """By the settings of the workspace. None: it names no such channel."""
        written = (settings.get("channels") or {}).get(name)
        if written is None:
            return None
        if written.get("provider") == "twilio" and self._hears_of("twilio", settings):
            written = {**written, "status_callback": f"{self.public_url}/callbacks/twilio"}
        key = orjson.dumps([name, written], option=orjson.OPT_SORT_KEYS)
        if key not in self._opened:
            self._opened[key] = self._open(name, written)
        return self._opened[key]

    async def close(self) -> None:
        for channel in self._opened.values():
            await channel.close()

    def _hears_of(self, provider: str, settings: Mapping[str, Any]) -> bool:
        """Whether reports of the provider can reach this server, and can be verified."""
        secrets = (settings.get("callbacks") or {}).get("secrets") or {}
        return provider in secrets and bool(self.public_url)

    def _open(self, name: str, written: Mapping[str, Any]) -> Channel:
        kept = MailboxChannel(self.keep)
        if "provider" not in written:
            reason = f"kogda.yaml says under channels nothing of who sends {name}"
            return WaitingChannel(reason) if self.is_real else kept
        try:
            return self._with(OPENERS[written["provider"]], written)
        except NotReady as error:
            return self._waiting(written, error) if self.is_real else kept

    def _waiting(self, written: Mapping[str, Any], error: NotReady) -> Channel:
        """A channel whose messages wait. With several providers, only those of the one that is not ready do."""
        try:
            in_part = OPENERS_IN_PART.get(written["provider"])
            return self._with(in_part, written) if in_part else WaitingChannel(str(error))
        except NotReady:
            return WaitingChannel(str(error))

    def _with(self, opener: Opener, written: Mapping[str, Any]) -> Channel:
        return opener(written, Credentials(self.secrets, self.link_key), self.asker)
