"""Push to devices and browsers: the list that every provider passes, and what only push knows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.base64url import from_text, to_text
from engine.channels import Channel, Contact, Handover, Push, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.http_post import HttpPoster
from engine.channels.push import PushChannel, taken_together
from engine.channels.push_web import Signer
from engine.channels.registry import Registry, WaitingChannel
from engine.channels.web_push_sealing import (
    BadKey,
    BrowserKeys,
    point_of,
    private_key,
    read_browser_keys,
    seal,
)
from engine.links.push_clicks import open_click
from tests.channels.conformance import NOW, PAGE, FarEnd, ProviderConformance
from tests.channels.http_sink import HttpSink, answer, spoken

TOKEN = "cGFtcGxl0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"
SECOND = "c2Vjb25k0:APA91bHun4MxP5egoKMwt2KZFBaFUH-2RYqx"
GOOGLE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = GOOGLE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
BROWSER = private_key(bytes(range(32)))
AUTH = b"0123456789abcdef"
KEYS = {"p256dh": to_text(point_of(BROWSER)), "auth": to_text(AUTH)}
LINK_KEY = b"of this installation"
CONTENT = Push(title="Корзина ждёт", text="Ваш кофе", link="https://shop.example/cart", data={"cart": "7"})


def refusal(status: int, general: str, own: str | None, message: str, *more: Mapping[str, Any]) -> str:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": own}] if own else []
    error = {"code": status, "message": message, "status": general, "details": [*details, *more]}
    return spoken(status, {"error": error})


NOT_A_TOKEN = "The registration token is not a valid FCM registration token"
NOT_FOUND = "Requested entity was not found."
# https://firebase.google.com/docs/cloud-messaging/error-codes and …/docs/reference/fcm/rest/v1/ErrorCode
FIREBASE = {
    "sent": spoken(200, {"name": "projects/teplo/messages/0:1500415314455276%31bd1c9631bd1c96"}),
    "rejected": refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "dead": refusal(404, "NOT_FOUND", "UNREGISTERED", NOT_FOUND),
    "later": refusal(503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
    "limited": refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded").replace(
        "HTTP/1.1 429 X\r\n", "HTTP/1.1 429 X\r\nretry-after: 30\r\n"
    ),
    "unauthorized": refusal(401, "UNAUTHENTICATED", None, "Request had invalid authentication credentials."),
    "page": spoken(200, PAGE),
}
GIVEN = spoken(200, {"access_token": "ya29.t0k3n", "expires_in": 3599, "token_type": "Bearer"})


@dataclass
class Google:
    """The place that gives tokens, and Firebase."""

    tokens: HttpSink
    firebase: HttpSink

    def answers(self, kind: str) -> None:
        if kind == "gone":
            self.firebase.close()
        else:
            self.firebase.script = lambda _: "drop" if kind == "lost" else FIREBASE[kind]

    @property
    def account(self) -> str:
        said = {"type": "service_account", "project_id": "teplo", "private_key_id": "k1", "private_key": PEM}
        where = {"client_email": "push@teplo.example", "token_uri": f"http://127.0.0.1:{self.tokens.port}/token"}
        return json.dumps(said | where)

    @property
    def settings(self) -> dict[str, Any]:
        return {"provider": "push", "firebase_env": "ACCOUNT", "url": f"http://127.0.0.1:{self.firebase.port}"}


@asynccontextmanager
async def google() -> AsyncIterator[tuple[Google, HttpPoster]]:
    tokens, firebase, poster = HttpSink(script=lambda _: GIVEN), HttpSink(), HttpPoster(allows_private=True)
    async with tokens.running(), firebase.running():
        yield Google(tokens, firebase), poster
    await poster.close()


def opened(poster: HttpPoster, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Channel:
    async def keep(*_: object) -> None:
        raise AssertionError

    registry = Registry(poster, secrets, keep, is_real=True, link_key=LINK_KEY)
    channel = registry.find("push", {"channels": {"push": settings}})
    assert channel is not None
    return channel


def device_end(end: Google, poster: HttpPoster) -> FarEnd:
    return FarEnd(
        channel=opened(poster, end.settings, {"ACCOUNT": end.account}),
        answers=end.answers,
        requests=lambda: end.firebase.requests,
        content=CONTENT,
        address=TOKEN,
        bad_address="no token",
        sent_as="projects/teplo/messages/0:1500415314455276%31bd1c9631bd1c96",
        without_credentials=lambda: opened(poster, end.settings, {}),
        secrets=("ya29.t0k3n", PEM, PEM[100:160]),
        channel_name="push",
        id_of=lambda request: json.loads(request[2])["message"]["android"]["notification"]["tag"],
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


# Browsers: https://www.rfc-editor.org/rfc/rfc8030 and what push services answer

BROWSERS = {
    "sent": answer(201, "location: https://push.example/m/1"),
    "rejected": answer(413),
    "dead": answer(410),
    "later": answer(500),
    "limited": answer(429, "retry-after: 30"),
    "unauthorized": answer(403),
    "page": spoken(200, PAGE),
}


@dataclass
class Subscribed:
    """Hands over as the flow does, to one subscription."""

    channel: Channel
    detail: Mapping[str, Any]

    async def send(self, handover: Handover) -> Verdict:
        contact = Contact(address=handover.address, detail=self.detail)
        return await self.channel.send(replace(handover, contacts=(contact,)))

    async def close(self) -> None:
        pass


@dataclass
class PushService:
    sink: HttpSink

    def answers(self, kind: str) -> None:
        if kind == "gone":
            self.sink.close()
        else:
            self.sink.script = lambda _: "drop" if kind == "lost" else BROWSERS[kind]


@asynccontextmanager
async def browser_end(detail: Mapping[str, Any] = KEYS) -> AsyncIterator[FarEnd]:
    sink, poster = HttpSink(), HttpPoster(allows_private=True)
    settings = {"provider": "push", "contact": "mailto:push@shop.example"}
    keyed = settings | {"web_key_env": "WEB_KEY"}
    async with sink.running():
        yield FarEnd(
            channel=Subscribed(opened(poster, settings, {}), detail),
            answers=PushService(sink).answers,
            requests=lambda: sink.requests,
            content=CONTENT,
            address=f"http://127.0.0.1:{sink.port}/send/abc",
            bad_address="ftp://127.0.0.1/send/abc",
            sent_as="{message}",
            without_credentials=lambda: opened(poster, keyed, {}),
            secrets=(to_text(AUTH), "/send/abc"),
            channel_name="push",
            id_of=lambda request: request[1]["topic"],
        )
    await poster.close()


class TestBrowsers(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with browser_end() as far:
            yield far

    async def test_only_the_browser_can_read_what_is_sent(self, far: FarEnd):
        handover = far.handover()

        await far.send("sent", handover)

        [(first, headers, body)] = far.requests()
        assert first == "POST /send/abc HTTP/1.1"
        assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "normal")
        said = json.loads(unsealed(body))
        assert open_click(LINK_KEY, said.pop("clicked")) == (3, handover.message)
        assert said == {
            "title": "Корзина ждёт",
            "text": "Ваш кофе",
            "link": "https://shop.example/cart",
            "image": None,
            "message": str(handover.message),
            "data": {"cart": "7"},
        }

    async def test_a_push_service_learns_who_sends(self, far: FarEnd):
        await far.send("sent")

        [(_, headers, _)] = far.requests()
        token, key = (part.partition("=")[2] for part in headers["authorization"].removeprefix("vapid ").split(", "))
        head, claims, signature = token.split(".")
        said, raw = json.loads(base64.urlsafe_b64decode(claims + "==")), base64.urlsafe_b64decode(signature + "==")
        signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_text(key))
        public.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        assert said["aud"] == far.address.removesuffix("/send/abc")
        assert said["sub"] == "mailto:push@shop.example"

    async def test_nothing_that_a_browser_names_is_an_outage_of_ours(self, far: FarEnd):
        verdicts = [await far.send(kind) for kind in ("later", "unauthorized", "limited", "gone")]

        assert not [each for each in verdicts if isinstance(each, TryLater) and each.is_outage]

    async def test_a_push_that_is_too_long_never_leaves(self, far: FarEnd):
        verdict = await far.send("sent", far.handover(content=Push(title="x", text="я" * 2000)))

        assert verdict == Rejected("a push to a browser has at most 3,993 bytes")
        assert far.requests() == []


@pytest.mark.parametrize(
    ("detail", "verdict"),
    [
        pytest.param({**KEYS, "auth": "AA"}, "16", id="a short secret"),
        pytest.param({**KEYS, "p256dh": to_text(b"\4" + b"\1" * 64)}, "no point of the curve", id="no point"),
        pytest.param({**KEYS, "p256dh": "!"}, "no base64url", id="no base64"),
        pytest.param({**KEYS, "p256dh": 7}, "p256dh is missing", id="no text"),
        pytest.param({**KEYS, "key": "another"}, "another key", id="of another key"),
    ],
)
async def test_a_subscription_that_nobody_could_read_is_rejected(detail: Mapping[str, Any], verdict: str):
    async with browser_end(detail) as far:
        found = await far.send("sent")

        assert isinstance(found, Rejected)
        assert verdict in found.reason
        assert far.requests() == []


def unsealed(body: bytes) -> bytes:
    """As RFC 8188 and RFC 8291 say, from the browser's side, by HMAC alone."""
    salt, size, sender, sealed = body[:16], body[20], body[21:86], body[86:]
    assert (int.from_bytes(body[16:20], "big"), size) == (4096, 65)
    shared = BROWSER.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\0" + point_of(BROWSER) + sender
    secret = _hkdf(_hmac(AUTH, shared), info, 32)
    first = _hmac(salt, secret)
    key = _hkdf(first, b"Content-Encoding: aes128gcm\0", 16)
    plain = AESGCM(key).decrypt(_hkdf(first, b"Content-Encoding: nonce\0", 12), sealed, None)
    assert plain[-1:] == b"\2"
    return plain[:-1]


def _hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return _hmac(key, info + b"\1")[:length]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def test_the_example_of_rfc_8291_is_sealed_as_it_is_printed_there():
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    number = int.from_bytes(from_text("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")

    sealed = seal(
        b"When I grow up, I want to be a watermelon",
        BrowserKeys(from_text(point), from_text("BTBZMqHH6r4Tts7J_aSIgg")),
        once=ec.derive_private_key(number, ec.SECP256R1()),
        salt=from_text("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert to_text(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_keys_of_browsers_are_read_in_both_alphabets():
    padded = {name: base64.b64encode(from_text(value)).decode() for name, value in KEYS.items()}

    assert read_browser_keys(padded) == read_browser_keys(KEYS)


def test_a_key_of_another_length_is_none():
    with pytest.raises(BadKey):
        private_key(b"short")


def test_a_push_service_hears_the_same_words_for_hours_and_new_ones_in_time():
    now = NOW
    signer = Signer(BROWSER, contact="mailto:a@b.example", clock=lambda: now)

    first = signer.header("https://push.example/1")
    again = signer.header("https://push.example/2")
    now += timedelta(hours=7)

    assert again == first
    assert signer.header("https://push.example/1") != first


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

        verdict = await channel.send(replace(device_end(end, poster).handover(), contacts=contacts))

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
