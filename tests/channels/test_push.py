"""Push to devices, and to several places of one customer: what every provider passes, and what only push knows."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from engine.channels import Contact, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.http_post import HttpPoster
from engine.channels.push import PushChannel, taken_together
from engine.channels.registry import WaitingChannel
from engine.links.push_clicks import open_click
from tests.channels.conformance import FarEnd, ProviderConformance
from tests.channels.http_sink import spoken
from tests.channels.push_ends import (
    FIREBASE,
    GOOGLE_KEY,
    LINK_KEY,
    NOT_A_TOKEN,
    NOT_FOUND,
    SECOND,
    TOKEN,
    browser_end,
    device_end,
    google,
    opened,
    refusal,
)


class TestDevices(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with google() as (end, poster):
            yield device_end(end, poster)

    async def test_firebase_is_asked_as_its_documentation_says(self, far: FarEnd):
        handover = far.handover(is_service=True)

        await far.send("sent", handover)

        [(first, headers, body)] = far.requests()
        said, tag = json.loads(body)["message"], str(handover.message)
        assert first == "POST /v1/projects/teplo/messages:send HTTP/1.1"
        assert headers["authorization"] == "Bearer ya29.t0k3n"
        assert said["token"] == TOKEN
        assert said["notification"] == {"title": "Корзина ждёт", "body": "Ваш кофе"}
        assert open_click(LINK_KEY, said["data"].pop("kogda_clicked")) == (3, handover.message)
        assert said["data"] == {"cart": "7", "kogda_message": tag, "link": "https://shop.example/cart"}
        assert said["android"] == {"ttl": "86400s", "priority": "HIGH", "notification": {"tag": tag}}
        assert said["apns"]["headers"]["apns-collapse-id"] == tag


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        pytest.param(
            refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", NOT_A_TOKEN),
            Rejected(f"Firebase: {NOT_A_TOKEN} (INVALID_ARGUMENT)", suppress=True),
            id="no token",
        ),
        pytest.param(
            refusal(400, "INVALID_ARGUMENT", None, "x", {"fieldViolations": [{"field": "message.token"}]}),
            Rejected("Firebase: x (INVALID_ARGUMENT)", suppress=True),
            id="no token by its field",
        ),
        pytest.param(
            refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "Message is too big"),
            Rejected("Firebase: Message is too big (INVALID_ARGUMENT)"),
            id="the message itself is wrong",
        ),
        pytest.param(
            refusal(429, "RESOURCE_EXHAUSTED", None, "x"),
            TryLater("Firebase: x (QUOTA_EXCEEDED)", after=timedelta(minutes=1)),
            id="a quota without a time",
        ),
        pytest.param(
            refusal(404, "NOT_FOUND", None, NOT_FOUND),
            TryLater(f"Firebase: {NOT_FOUND} (NOT_FOUND)", is_outage=True),
            id="no such project",
        ),
        pytest.param(
            refusal(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "x"),
            TryLater("Firebase: x (THIRD_PARTY_AUTH_ERROR)", is_outage=True),
            id="Apple refuses Google",
        ),
        pytest.param(
            spoken(200, {"x": 1}),
            Unknown("127.0.0.1 answered 200 without the name of a message"),
            id="another JSON",
        ),
        pytest.param(spoken(400, {"error": "x"}), Rejected("127.0.0.1 answered 400: x"), id="a text for an error"),
        pytest.param(
            spoken(400, {"error": {"details": [1, {"fieldViolations": [2]}]}}),
            Rejected("127.0.0.1 answered 400"),
            id="details of no kind",
        ),
    ],
)  # fmt: skip
async def test_what_firebase_says_is_a_verdict(said: str, verdict: Verdict):
    async with google() as (end, poster):
        end.firebase.script = lambda _: said

        far = device_end(end, poster)

        assert await far.channel.send(far.handover()) == verdict


async def test_one_token_of_google_serves_many_messages_and_is_asked_for_as_its_documentation_says():
    async with google() as (end, poster):
        far = device_end(end, poster)

        verdicts = [await far.send("sent") for _ in range(3)]

        [(_, _, body)] = end.tokens.requests
        form = parse_qs(body.decode())
        head, claims, signature = form["assertion"][0].split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        assert {type(each) for each in verdicts} == {Sent}
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        assert (said["iss"], said["exp"] - said["iat"]) == ("push@teplo.example", 3600)
        assert said["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        assert said["aud"] == f"http://127.0.0.1:{end.tokens.port}/token"
        signed = base64.urlsafe_b64decode(signature + "==")
        GOOGLE_KEY.public_key().verify(signed, f"{head}.{claims}".encode(), PKCS1v15(), SHA256())


async def test_a_token_that_is_not_taken_any_more_is_replaced_at_once():
    async with google() as (end, poster):
        far = device_end(end, poster)
        end.firebase.script = lambda number: FIREBASE["unauthorized" if number == 0 else "sent"]

        verdict = await far.channel.send(far.handover())

        assert isinstance(verdict, Sent)
        assert len(end.tokens.requests) == 2


async def test_a_refused_account_is_asked_for_once_and_messages_wait():
    async with google() as (end, poster):
        far = device_end(end, poster)
        end.tokens.script = lambda _: spoken(400, {"error": "invalid_grant", "error_description": "Invalid JWT"})

        verdicts = [await far.send("sent") for _ in range(3)]

        assert verdicts[0] == TryLater("127.0.0.1 gives no token, 400: Invalid JWT", is_outage=True)
        assert verdicts[1:] == [verdicts[0]] * 2
        assert (len(end.tokens.requests), far.requests()) == (1, [])


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("{", "it is no JSON", id="not JSON"),
        pytest.param('{"project_id": "x"}', "it needs project_id, client_email", id="incomplete"),
        pytest.param("/nowhere/account.json", "names a file that cannot be read", id="no file"),
        pytest.param(
            json.dumps(dict.fromkeys(("project_id", "client_email", "private_key", "token_uri"), "x")),
            "its private_key cannot be read",
            id="no key",
        ),
    ],
)
async def test_an_account_that_cannot_be_used_is_named_and_messages_wait(written: str, reason: str):
    channel = opened(HttpPoster(), {"provider": "push", "firebase_env": "ACCOUNT"}, {"ACCOUNT": written})

    assert isinstance(channel, WaitingChannel)
    assert reason in channel.reason


async def test_an_account_may_be_in_a_file(tmp_path: Path):
    async with google() as (end, poster):
        (tmp_path / "account.json").write_text(end.account)

        channel = opened(poster, end.settings, {"ACCOUNT": str(tmp_path / "account.json")})

        assert isinstance(channel, PushChannel)


# Several places of one customer

FIRST, OTHER = Contact(address="first"), Contact(address="other")
DEAD, NO, LATER = Rejected("dead", suppress=True), Rejected("no"), TryLater("later")


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        pytest.param([Sent("1"), Sent("2")], Sent("1"), id="both took it"),
        pytest.param([DEAD, Sent("2")], Sent("2", gone=("first",)), id="one is dead"),
        pytest.param([LATER, Sent("2")], Sent("2"), id="one is enough"),
        pytest.param([LATER, Unknown("lost")], Unknown("lost"), id="one may have it"),
        pytest.param([DEAD, LATER], TryLater("later", gone=("first",)), id="one may take it later"),
        pytest.param([DEAD, Unknown("lost")], Unknown("lost", gone=("first",)), id="one is dead, one may have it"),
        pytest.param([DEAD, NO], Rejected("no", gone=("first",)), id="one stays"),
        pytest.param([DEAD, DEAD], DEAD, id="all are dead"),
    ],
)
def test_what_several_devices_say_is_one_verdict(verdicts: Sequence[Verdict], together: Verdict):
    assert taken_together((FIRST, OTHER), verdicts) == together


async def test_every_device_and_browser_is_written_to_and_the_dead_are_named():
    async with google() as (end, poster):
        end.firebase.script = lambda number: FIREBASE["dead" if number == 0 else "sent"]
        channel = opened(poster, end.settings, {"ACCOUNT": end.account})
        contacts = Contact(address=TOKEN), Contact(address=SECOND)

        verdict = await channel.send(device_end(end, poster).handover()._replace(contacts=contacts))

        asked = [json.loads(body)["message"]["token"] for _, _, body in end.firebase.requests]
        assert isinstance(verdict, Sent)
        assert sorted(asked) == sorted([TOKEN, SECOND])
        assert verdict.gone == (asked[0],)


async def test_a_place_of_a_kind_that_is_not_set_up_says_so():
    async with browser_end() as far:
        verdict = await far.channel.channel.send(far.handover(address=TOKEN))  # type: ignore[attr-defined]

        assert verdict == Rejected("push to devices is not set up: kogda.yaml names no firebase_env")


def test_an_installation_without_a_key_of_its_own_for_browsers_always_has_the_same():
    settings = {"provider": "push", "contact": "mailto:a@b.example"}

    keys = {opened(HttpPoster(), settings, {}).browsers.signer.public for _ in range(2)}  # type: ignore[attr-defined]

    assert len(keys) == 1
