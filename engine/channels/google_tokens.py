"""Access tokens of a Google service account: a signed request for one (RFC 7523), kept until shortly before its end.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlencode

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine.base64url import to_text
from engine.channels import TryLater
from engine.channels.answers import json_of, words_of
from engine.channels.http_post import Answer, Asker, Post
from engine.clock import utc_now

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = timedelta(hours=1)  # the longest that Google gives
_RENEWED = 300.0  # seconds before its end, so that requests under way never outlive their token
_PAUSE = 20.0  # seconds for which a refusal is remembered, so that thousands of messages do not ask again


class BadAccount(ValueError):
    """The text says what is wrong, and nothing of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    project: str
    email: str
    key_id: str
    key: RSAPrivateKey = field(repr=False)
    token_url: str


def read_account(written: str) -> ServiceAccount:
    """Of the JSON that the console of Google Cloud gives out. Raises BadAccount."""
    try:
        said = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise BadAccount("it is no JSON") from error
    names = ("project_id", "client_email", "private_key", "token_uri")
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) and said[name] for name in names):
        raise BadAccount(f"it needs {', '.join(names)}")
    try:
        key = load_pem_private_key(said["private_key"].encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadAccount("its private_key cannot be read") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadAccount("its private_key is no RSA key")
    return ServiceAccount(
        project=said["project_id"],
        email=said["client_email"],
        key_id=str(said.get("private_key_id") or ""),
        key=key,
        token_url=said["token_uri"],
    )


@dataclass(slots=True)
class GoogleTokens:
    """One per account and scope. Whoever needs a token while one is on its way waits for that one."""

    account: ServiceAccount
    scope: str
    asker: Asker
    clock: Callable[[], datetime] = utc_now
    passing: Callable[[], float] = monotonic
    _token: str | None = None
    _refused: TryLater | None = None
    _until: float = 0.0  # of the token, or of the refusal
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self) -> str | TryLater:
        async with self._asking:
            if self.passing() < self._until:
                return self._token or self._refused or TryLater("no token")
            return await self._asked()

    def refuse(self, token: str) -> None:
        """Google no longer accepts this token: the next caller gets a new one."""
        if token == self._token:
            self._token, self._until = None, 0.0

    async def _asked(self) -> str | TryLater:
        body = urlencode({"grant_type": _GRANT, "assertion": self._assertion()}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        answer = await self.asker.ask(Post(url=self.account.token_url, body=body, headers=headers))
        if not isinstance(answer, Answer):
            return self._kept(None, TryLater(f"no token of Google: {answer.reason}", is_outage=True), _PAUSE)
        said = json_of(answer) or {}
        token, life = said.get("access_token"), said.get("expires_in")
        if answer.status == 200 and isinstance(token, str) and token:
            seconds = float(life) if isinstance(life, int | float) else _LIFE.total_seconds()
            return self._kept(token, None, max(seconds - _RENEWED, seconds / 2))
        what = words_of(said.get("error_description") or said.get("error")) or answer.kind
        reason = f"{answer.host} gives no token, {answer.status}: {what}"
        return self._kept(None, TryLater(reason, after=answer.retry_after, is_outage=True), _PAUSE)

    def _kept(self, token: str | None, refused: TryLater | None, seconds: float) -> str | TryLater:
        self._token, self._refused, self._until = token, refused, self.passing() + seconds
        return token or refused or TryLater("no token")

    def _assertion(self) -> str:
        now = int(self.clock().timestamp())
        head = {"alg": "RS256", "typ": "JWT", "kid": self.account.key_id}
        claims = {
            "iss": self.account.email,
            "scope": self.scope,
            "aud": self.account.token_url,
            "iat": now,
            "exp": now + int(_LIFE.total_seconds()),
        }
        signed = ".".join(to_text(orjson.dumps(part)) for part in (head, claims))
        signature = self.account.key.sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{to_text(signature)}"
