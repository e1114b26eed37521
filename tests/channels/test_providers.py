"""Every provider against the same list, each with answers as its documentation shows them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from engine.channels import Button, Handover, Mail, Rejected, Sent, Text, TryLater, Unknown, Verdict
from engine.channels.credentials import Credentials
from engine.channels.email_smtp import SmtpChannel
from engine.channels.http_post import HttpPoster, Post
from engine.channels.mailbox import MailboxChannel
from engine.channels.registry import OPENERS, Registry, WaitingChannel
from engine.channels.signing import read_secret, signed_headers
from engine.channels.smtp_settings import read_smtp_url
from engine.channels.telegram import read_press
from engine.errors import NotReady
from tests.channels.conformance import PAGE, FarEnd, ProviderConformance, handover
from tests.channels.http_sink import HttpSink, answer, spoken
from tests.channels.smtp_sink import SmtpSink

RETRY = "retry-after: 30"
Said = Mapping[str, str]


@dataclass
class Line:
    """One HTTP provider on this machine."""

    sink: HttpSink
    said: Said

    def answers(self, kind: str) -> None:
        if kind == "gone":
            self.sink.close()
        else:
            self.sink.script = lambda _: "drop" if kind == "lost" else self.said[kind]


@asynccontextmanager
async def line(said: Said) -> AsyncIterator[tuple[Line, HttpPoster]]:
    sink, poster = HttpSink(), HttpPoster(allows_private=True)
    async with sink.running():
        yield Line(sink, said), poster
    await poster.close()


def registry(poster: HttpPoster, secrets: Mapping[str, str], *, is_real: bool = True) -> Registry:
    async def keep(*_: object) -> None:
        raise AssertionError

    return Registry(poster, secrets, keep, is_real=is_real)


def far_end(
    line: Line, poster: HttpPoster, settings: dict[str, Any], secrets: Mapping[str, str], **more: Any
) -> FarEnd:
    name = more.get("channel_name", "sms")
    workspace = {"channels": {name: settings}}
    channel = registry(poster, secrets).find(name, workspace)
    nobody = registry(poster, {}).find(name, workspace)
    assert channel is not None and nobody is not None
    return FarEnd(
        channel=channel,
        answers=line.answers,
        requests=lambda: line.sink.requests,
        without_credentials=lambda: nobody,
        secrets=tuple(secrets.values()),
        **({"content": Text(text="Ваш кофе ждёт"), "address": "+49 170 1234567", "bad_address": "0170 1234567"} | more),
    )


# Twilio: https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/api/errors


def refusal(status: int, code: int, message: str) -> str:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return spoken(status, {"code": code, "message": message, "more_info": more, "status": status})


TWILIO: Said = {
    "sent": spoken(
        201,
        {
            "account_sid": "AC1", "body": "…", "direction": "outbound-api", "error_code": None, "error_message": None,
            "from": "+15005550006", "num_segments": "1", "sid": "SM1a2b", "status": "queued", "to": "+491701234567",
        },
    ),
    "rejected": refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit"),
    "dead": refusal(400, 21610, "Attempt to send to unsubscribed recipient"),
    "later": refusal(429, 21611, "This 'From' number has exceeded the maximum number of queued messages"),
    "limited": spoken(429, {"code": 0, "message": "Too Many Requests", "status": 429}, RETRY),
    "unauthorized": refusal(401, 20003, "Authenticate"),
    "page": spoken(200, PAGE),
}  # fmt: skip
TWILIO_SETTINGS = {"provider": "twilio", "account": "AC1", "token_env": "TOKEN", "from": "+15005550006"}


class TestTwilio(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with line(TWILIO) as (end, poster):
            settings = {**TWILIO_SETTINGS, "url": f"http://127.0.0.1:{end.sink.port}"}
            yield far_end(end, poster, settings, {"TOKEN": "s3cr3t-token"}, sent_as="SM1a2b")

    async def test_it_is_asked_as_its_documentation_says(self, far: FarEnd):
        await far.send("sent")

        [(first, headers, body)] = far.requests()
        assert first == "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1"
        assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"AC1:s3cr3t-token"
        assert parse_qs(body.decode()) == {"To": ["+491701234567"], "From": ["+15005550006"], "Body": ["Ваш кофе ждёт"]}


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        pytest.param(400, 21211, Rejected("Twilio: x (21211)", suppress=True), id="no number"),
        pytest.param(400, 21614, Rejected("Twilio: x (21614)", suppress=True), id="no mobile"),
        pytest.param(400, 21408, Rejected("127.0.0.1 answered 400: x"), id="region"),
        pytest.param(400, 30003, TryLater("Twilio: x (30003)"), id="phone is off"),
        pytest.param(401, 20003, TryLater("Twilio: x (20003)", is_outage=True), id="credentials"),
        pytest.param(500, 20500, TryLater("127.0.0.1 answered 500: x", is_outage=True), id="its own fault"),
        pytest.param(504, 20504, Unknown("127.0.0.1 answered 504: x"), id="lost behind its door"),
    ],
)
async def test_a_code_of_twilio_is_a_verdict(status: int, code: int, verdict: Verdict):
    async with line({"x": refusal(status, code, "x")}) as (end, poster):
        settings = {**TWILIO_SETTINGS, "url": f"http://127.0.0.1:{end.sink.port}"}
        far = far_end(end, poster, settings, {"TOKEN": "t"}, sent_as="")

        assert await far.send("x") == verdict


# A gateway as kogda.yaml describes it.

GATEWAY: Said = {
    "sent": spoken(200, {"status": "ok", "messages": [{"id": 7001, "code": 0}]}),
    "rejected": spoken(200, {"messages": [{"code": 14}]}),
    "dead": spoken(200, {"messages": [{"code": 21}]}),
    "later": spoken(200, {"messages": [{"code": 31}]}),
    "limited": spoken(429, {"messages": []}, RETRY),
    "unauthorized": spoken(403, {"messages": []}),
    "page": spoken(200, PAGE),
}


class TestGateway(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with line(GATEWAY) as (end, poster):
            settings = {
                "provider": "gateway",
                "url": f"http://127.0.0.1:{end.sink.port}/send?key={{SMS_KEY}}",
                "headers": {"Authorization": "Bearer {SMS_TOKEN}"},
                "body": {"to": "{digits}", "text": "{text}", "ref": "{message}", "flags": [1, "{phone}"]},
                "id": "messages.0.id",
                "code": "messages.0.code",
                "sent": ["0"],
                "dead": ["21", "22"],
                "later": ["31"],
            }
            secrets = {"SMS_KEY": "k3y&x", "SMS_TOKEN": "t0k3n"}
            yield far_end(
                end, poster, settings, secrets, sent_as="7001", id_of=lambda request: json.loads(request[2])["ref"]
            )

    async def test_it_is_asked_as_kogda_yaml_says(self, far: FarEnd):
        handover = far.handover(content=Text(text="{SMS_KEY} {phone}"))

        await far.send("sent", handover)

        [(first, headers, body)] = far.requests()
        assert first == "POST /send?key=k3y%26x HTTP/1.1"
        assert headers["authorization"] == "Bearer t0k3n"
        assert json.loads(body) == {
            "to": "491701234567",
            "text": "{SMS_KEY} {phone}",
            "ref": str(handover.message),
            "flags": [1, "+491701234567"],
        }


@pytest.mark.parametrize(
    ("settings", "said", "asked", "verdict"),
    [
        pytest.param(
            {"method": "GET", "body": {"to": "{phone}", "t": "{text}"}},
            answer(200),
            ("GET /?to=%2B491701234567&t=Hi+%26+bye HTTP/1.1", b""),
            Sent(""),
            id="in the address",
        ),
        pytest.param(
            {"format": "form", "body": {"to": ["{digits}"], "urgent": True}},
            answer(202),
            ("POST / HTTP/1.1", b"to=491701234567&urgent=true"),
            Sent(""),
            id="as a form",
        ),
        pytest.param(
            {"dead": ["410"]},
            answer(410),
            ("POST / HTTP/1.1", b"{}"),
            Rejected("127.0.0.1 answered 410", suppress=True),
            id="by the status",
        ),
        pytest.param(
            {}, answer(302, "location: http://x"), ("POST / HTTP/1.1", b"{}"), Rejected("127.0.0.1 answered 302"),
            id="a redirect",
        ),
    ],
)  # fmt: skip
async def test_a_gateway_is_asked_in_other_ways(settings: dict[str, Any], said: str, asked: Any, verdict: Verdict):
    async with line({"x": said}) as (end, poster):
        gateway = {"provider": "gateway", "url": f"http://127.0.0.1:{end.sink.port}/", **settings}
        far = far_end(end, poster, gateway, {}, sent_as="")

        found = await far.send("x", far.handover(content=Text(text="Hi & bye")))

        [(first, _, body)] = far.requests()
        assert (first, body) == asked
        assert found == verdict


async def test_an_endless_answer_is_read_only_in_its_beginning():
    async with line({"x": spoken(200, {"id": 1, "more": "x" * 1_000_000})}) as (end, poster):
        gateway = {"provider": "gateway", "url": f"http://127.0.0.1:{end.sink.port}/", "id": "id"}
        far = far_end(end, poster, gateway, {}, sent_as="")

        verdict = await far.send("x")

        assert isinstance(verdict, Unknown)


# Telegram: https://core.telegram.org/bots/api#making-requests

TELEGRAM: Said = {
    "sent": spoken(200, {"ok": True, "result": {"message_id": 365, "chat": {"id": 42, "type": "private"}, "date": 1}}),
    "rejected": spoken(400, {"ok": False, "error_code": 400, "description": "Bad Request: message text is empty"}),
    "dead": spoken(403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
    "later": spoken(500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}),
    "limited": spoken(
        429,
        {
            "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 30",
            "parameters": {"retry_after": 30},
        },
    ),
    "unauthorized": spoken(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    "page": spoken(200, PAGE),
}  # fmt: skip
BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class TestTelegram(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with line(TELEGRAM) as (end, poster):
            settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
            yield far_end(
                end,
                poster,
                settings,
                {"BOT": BOT},
                sent_as="42.365",
                channel_name="telegram",
                address="42",
                bad_address="@a",
            )

    async def test_it_is_asked_as_its_documentation_says(self, far: FarEnd):
        buttons = (Button(text="Open", link="https://shop.example/cart"), Button(text="Later", press="later"))
        handover = far.handover(content=Text(text="Hi", buttons=buttons))

        await far.send("sent", handover)

        [(first, _, body)] = far.requests()
        said = json.loads(body)
        [[opens], [presses]] = said.pop("reply_markup")["inline_keyboard"]
        assert first == f"POST /bot{BOT}/sendMessage HTTP/1.1"
        assert said == {"chat_id": 42, "text": "Hi"}
        assert opens == {"text": "Open", "url": "https://shop.example/cart"}
        assert read_press(presses["callback_data"]) == (handover.message, "later")
        assert len(presses["callback_data"]) <= 64

    @pytest.mark.parametrize(
        "said", ["Bad Request: chat not found", "Forbidden: user is deactivated", "Bad Request: PEER_ID_INVALID"]
    )
    async def test_a_chat_that_is_not_there_is_dead(self, said: str):
        status = 403 if said.startswith("F") else 400
        async with line({"x": spoken(status, {"ok": False, "error_code": status, "description": said})}) as (
            end,
            poster,
        ):
            settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
            far = far_end(end, poster, settings, {"BOT": BOT}, sent_as="", channel_name="telegram", address="42")

            assert await far.send("x") == Rejected(f"Telegram: {said}", suppress=True)

    async def test_a_text_that_is_too_long_never_leaves(self, far: FarEnd):
        verdict = await far.send("sent", far.handover(content=Text(text="🙂" * 2049)))

        assert verdict == Rejected("the text is longer than 4096 characters")
        assert far.requests() == []


def test_what_is_no_token_is_not_used():
    with pytest.raises(NotReady, match="BOT holds no token"):
        OPENERS["telegram"]({"token_env": "BOT"}, Credentials({"BOT": "hello"}), HttpPoster())


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


@pytest.mark.parametrize(
    ("callbacks", "public_url", "told"),
    [
        pytest.param(
            {"secrets": {"twilio": "TOKEN"}}, "https://m.example", ["https://m.example/callbacks/twilio"], id="both"
        ),
        pytest.param({"secrets": {"twilio": "TOKEN"}}, None, None, id="not reached"),
        pytest.param({}, "https://m.example", None, id="not verified"),
    ],
)  # fmt: skip
async def test_twilio_is_told_where_to_report_when_it_can_be_heard(callbacks: Any, public_url: Any, told: Any):
    async with line(TWILIO) as (end, poster):
        here = {**TWILIO_SETTINGS, "url": f"http://127.0.0.1:{end.sink.port}"}
        channels = registry(poster, {"TOKEN": "t"})
        channels.public_url = public_url
        channel = channels.find("sms", {"channels": {"sms": here}, "callbacks": callbacks})
        assert channel is not None
        end.answers("sent")

        await channel.send(replace(handover(address="+491701234567"), content=Text(text="Hi")))

        assert parse_qs(end.sink.requests[0][2].decode()).get("StatusCallback") == told


async def test_a_limit_of_a_day_is_kept_and_a_longer_one_cut():
    limited = {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 10**9}}
    async with line({"x": spoken(429, limited)}) as (end, poster):
        settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
        far = far_end(end, poster, settings, {"BOT": BOT}, sent_as="", channel_name="telegram", address="42")

        verdict = await far.send("x")

        assert verdict == TryLater("Telegram: x", after=timedelta(days=1))
