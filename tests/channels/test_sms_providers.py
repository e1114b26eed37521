"""Twilio and gateways of sms against the list that every provider passes, with answers as their documentation shows."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from engine.channels import Rejected, Sent, Text, TryLater, Unknown, Verdict
from engine.channels.sms_twilio import meaning_of
from tests.channels.conformance import PAGE, FarEnd, ProviderConformance, handover
from tests.channels.http_sink import answer, spoken
from tests.channels.provider_line import RETRY, TWILIO_SETTINGS, Said, far_end, line, registry

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

        await channel.send(handover(address="+491701234567")._replace(content=Text(text="Hi")))

        assert parse_qs(end.sink.requests[0][2].decode()).get("StatusCallback") == told


@pytest.mark.parametrize("code", ["²", "²1610", None, 21610.5], ids=str)
def test_a_code_that_is_no_number_of_twilio_says_nothing_special(code: object):
    assert meaning_of(code, "refused") is None
