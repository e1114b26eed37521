"""Webhooks and mail against the list that every provider passes, and which channels a workspace has."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from engine.channels import Handover, Mail, Rejected, Text, TryLater, Verdict
from engine.channels.email_smtp import SmtpChannel
from engine.channels.http_post import HttpPoster, Post
from engine.channels.mailbox import MailboxChannel
from engine.channels.registry import WaitingChannel
from engine.channels.signing import read_secret, signed_headers
from engine.channels.smtp_settings import read_smtp_url
from tests.channels.conformance import PAGE, FarEnd, ProviderConformance
from tests.channels.http_sink import answer, spoken
from tests.channels.provider_line import RETRY, TWILIO_SETTINGS, Said, line, registry
from tests.channels.smtp_sink import SmtpSink

# Calls of webhooks: a receiver knows a call by its id, so one that may have arrived can come again.

SECRET = "whsec_" + base64.b64encode(b"0" * 32).decode()
CALLED: Said = {
    "sent": answer(200),
    "rejected": answer(400),
    "dead": answer(410),
    "later": answer(503),
    "limited": answer(429, RETRY),
    "unauthorized": answer(401),
    "page": spoken(503, PAGE),
}


@dataclass
class CallChannel:
    """A webhook target as the flow calls it."""

    url: Callable[[], str]
    poster: HttpPoster
    secrets: Mapping[str, str]

    async def send(self, handover: Handover) -> Verdict:
        if not (written := self.secrets.get("SECRET")):
            return TryLater("the environment variable SECRET is not set")
        headers = signed_headers(handover.message, b"{}", read_secret(written), at=handover.at)
        return await self.poster.post(Post(url=handover.address or self.url(), body=b"{}", headers=headers))

    async def close(self) -> None:
        pass


class TestWebhook(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with line(CALLED) as (end, poster):
            yield FarEnd(
                channel=CallChannel(lambda: f"http://127.0.0.1:{end.sink.port}/", poster, {"SECRET": SECRET}),
                answers=end.answers,
                requests=lambda: end.sink.requests,
                content=Text(text=""),
                address="",
                bad_address="ftp://127.0.0.1/",
                sent_as="200",
                without_credentials=lambda: CallChannel(lambda: "", poster, {}),
                secrets=(SECRET,),
                channel_name="webhook",
                id_of=lambda request: request[1]["webhook-id"],
                on_lost=TryLater,
                on_unauthorized=Rejected,
                says_dead=False,
                pages=False,
            )


# Mail: the same list in the words of SMTP.

SPOKEN: dict[str, dict[str, str]] = {
    "sent": {},
    "rejected": {"END": "554 5.7.1 looks like spam"},
    "dead": {"RCPT": "550 5.1.1 no such user"},
    "later": {"RCPT": "451 4.3.0 try again"},
    "limited": {"MAIL": "450 4.7.1 too many mails"},
    "lost": {"END": "drop"},
    "unauthorized": {"EHLO": "530 5.7.0 authentication required"},
    "page": {"GREETING": "<html>"},
}


@dataclass
class MailLine:
    """A mail server, and nothing where it was once it is gone."""

    sink: SmtpSink
    is_gone: bool = False

    def answers(self, kind: str) -> None:
        self.is_gone = kind == "gone"
        self.sink.script = lambda _: SPOKEN.get(kind, {})

    async def send(self, handover: Handover) -> Verdict:
        port = 1 if self.is_gone else self.sink.port
        channel = SmtpChannel(read_smtp_url(f"smtp://127.0.0.1:{port}?starttls=never"))
        try:
            return await channel.send(handover)
        finally:
            await channel.close()

    async def close(self) -> None:
        pass


class TestEmail(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        sink = SmtpSink()
        async with sink.running():
            mail_line = MailLine(sink)
            yield FarEnd(
                channel=mail_line,
                answers=mail_line.answers,
                requests=lambda: [each for each in sink.commands if each.startswith("DATA")],
                content=Mail(sender="Shop <hello@shop.example>", subject="Hello", text="Hello Anna"),
                address="anna@example.com",
                bad_address="anna",
                sent_as="<{message}@shop.example>",
                without_credentials=lambda: WaitingChannel("the environment variable KOGDA_SMTP_URL is not set"),
                secrets=(),
                channel_name="email",
                says_when=False,
                pages=False,
            )


# The registry


def test_a_channel_that_kogda_yaml_does_not_name_is_not_there():
    assert registry(HttpPoster(), {}).find("sms", {"channels": {"email": {}}}) is None
    assert registry(HttpPoster(), {}).find("sms", {}) is None


@pytest.mark.parametrize("written", [pytest.param({}, id="no provider"), pytest.param(TWILIO_SETTINGS, id="no token")])
def test_a_server_that_sends_nothing_for_real_shows_its_messages(written: dict[str, Any]):
    channels = registry(HttpPoster(), {}, is_real=False)

    assert isinstance(channels.find("sms", {"channels": {"sms": written}}), MailboxChannel)


def test_a_channel_is_opened_once_for_the_same_settings():
    channels = registry(HttpPoster(), {"TOKEN": "t"})

    first = channels.find("sms", {"channels": {"sms": dict(TWILIO_SETTINGS)}})

    assert channels.find("sms", {"channels": {"sms": dict(TWILIO_SETTINGS)}}) is first
    assert channels.find("sms", {"channels": {"sms": {**TWILIO_SETTINGS, "from": "Shop"}}}) is not first
