"""The far ends of push: Firebase, and the push service of a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.base64url import to_text
from engine.channels import Channel, Contact, Handover, Push, Verdict
from engine.channels.http_post import HttpPoster
from engine.channels.registry import Registry
from engine.channels.web_push_sealing import (
    point_of,
    private_key,
)
from tests.channels.conformance import PAGE, FarEnd
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
        return await self.channel.send(handover._replace(contacts=(contact,)))

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
