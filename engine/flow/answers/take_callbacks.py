"""One call of a provider: verified, taken once, read, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from engine.callbacks import Call, Refused, Report, gateway, ses
from engine.callbacks.gateway import GatewayForm
from engine.callbacks.mail_reports import reports_of
from engine.callbacks.proofs import check_secret
from engine.callbacks.providers import PROVIDERS
from engine.callbacks.replies import Reply
from engine.callbacks.twilio import read_reply
from engine.channels.credentials import Credentials
from engine.channels.http_post import Answer, Asker, Post
from engine.config import Settings
from engine.errors import NotReady
from engine.failpoints import reach
from engine.flow.answers.reacting import ReactionRuntime
from engine.flow.answers.sms_replies import come_back, leave, take_reply
from engine.flow.answers.take_reports import Setting, take_reports
from engine.storage.delivery.callbacks import count_reports, is_known_callback, is_new_callback
from engine.storage.kept_words import storable
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts
from engine.workspace.tracking import SOFT_BOUNCES

MAIL = "mail"
TWILIO = "twilio"
SES = "ses"
GATEWAY = gateway.NAME
NAMES = (SES, *PROVIDERS, GATEWAY, MAIL)


class NotSetUp(Exception):
    """kogda.yaml says nothing of this provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a verified call says."""

    id: str  # by which the call is known when it comes again
    reports: list[Report]
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a call."""

    reports: int = 0
    unknown: int = 0  # of those: about messages that are none of ours
    is_reply: bool = False  # somebody wrote to us
    is_repeated: bool = False  # it was taken before, and not again


class CallbackRuntime(ReactionRuntime, Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def secrets(self) -> Mapping[str, str]: ...
    @property
    def link_key(self) -> bytes: ...


@dataclass(slots=True)
class CallbackDesk:
    """One per process. `asker` fetches certificates of Amazon's, each once."""

    runtime: CallbackRuntime
    asker: Callable[[], Asker]
    certificates: dict[str, bytes] = field(default_factory=dict)

    async def take(self, provider: str, call: Call) -> Receipt:
        """Committed when it returns. Raises Refused, Unreadable, NotSetUp, NotReady."""
        texts = await self._texts()
        wanted = _wanted(texts.settings if texts else {})
        heard = await self._read(provider, call, wanted)
        setting = Setting(
            texts=texts,
            partitions=self.runtime.partitions,
            public_url=self.runtime.settings.public_url,
            soft_bounces=wanted.get("soft_bounces", SOFT_BOUNCES),
            trusts_addresses=provider != MAIL,
        )
        reply = heard.reply
        is_wish = reply is not None and await self._carried_out(provider, heard.id, reply)
        async with self.runtime.database.transaction() as connection:
            if not await is_new_callback(connection, provider, heard.id):
                return Receipt(is_reply=reply is not None, is_repeated=True)
            taken = await take_reports(connection, heard.reports, setting)
            replied = await take_reply(connection, reply) if reply is not None and not is_wish else set()
            await count_reports(connection, provider, heard.id, reports=taken.reports, unknown=taken.unknown)
            reach("callback.written")
        reach("callback.committed")
        if woken := taken.woken | replied:
            await self.runtime.waker.wake(woken)
        return Receipt(reports=taken.reports, unknown=taken.unknown, is_reply=reply is not None)

    async def _carried_out(self, provider: str, call_id: str, reply: Reply) -> bool:
        """Carry out a wish such as STOP. False: it is an ordinary reply, for the rules.

        Done before the call counts as taken: to carry it out twice does no harm, to lose it would.
        """
        if reply.wish == "none":
            return False
        if await self._was_here(provider, call_id):
            return True
        if reply.wish == "leave":
            await leave(self.runtime, reply)
            return True
        return await come_back(self.runtime, reply)

    async def _was_here(self, provider: str, call_id: str) -> bool:
        async with self.runtime.database.connection() as connection:
            return await is_known_callback(connection, provider, call_id)

    async def _texts(self) -> PublishedTexts | None:
        async with self.runtime.database.connection() as connection:
            live = await live_rule_set(connection)
            return await self.runtime.texts.of(connection, live) if live is not None else None

    async def _read(self, provider: str, call: Call, wanted: Mapping[str, Any]) -> Heard:
        """Verify the sender, then read what it says."""
        if provider == SES:
            return await self._read_ses(call, wanted)
        name = (wanted.get("secrets") or {}).get(provider)
        if name is None:
            raise NotSetUp
        secret = Credentials(self.runtime.secrets)[name]
        if provider == MAIL:
            check_secret(call, secret)
            return Heard(id=_digest(call.body), reports=reports_of(call.body, call.now, self.runtime.link_key))
        if provider == GATEWAY:
            form = GatewayForm.of(wanted)
            gateway.verify(call, secret, form)
            call_id = _digest(call.body)
            reports, reply = gateway.read(call.body, call.now, form, call_id=call_id)
            return Heard(id=call_id, reports=reports, reply=reply)
        call_id = PROVIDERS[provider].verify(call, secret)
        return Heard(
            id=storable(call_id)[:200] or _digest(call.body),
            reports=PROVIDERS[provider].read(call.body, call.now),
            reply=read_reply(call.body, call.now) if provider == TWILIO else None,
        )

    async def _read_ses(self, call: Call, wanted: Mapping[str, Any]) -> Heard:
        if not wanted.get("topic"):
            raise NotSetUp
        envelope = ses.envelope_of(call.body, wanted["topic"])
        ses.check(envelope, await self._certificate(envelope.certificate_url), call.now)
        if envelope.is_confirmation:
            await self._fetched(ses.subscribe_url(envelope))
        return Heard(id=storable(envelope.id)[:200] or _digest(call.body), reports=ses.read(envelope))

    async def _certificate(self, url: str) -> bytes:
        if url not in self.certificates:
            if len(self.certificates) >= 20:  # Amazon changes them once a year
                self.certificates.clear()
            self.certificates[url] = await self._fetched(url)
        return self.certificates[url]

    async def _fetched(self, url: str) -> bytes:
        answer = await self.asker().ask(Post(url=url, body=b"", method="GET"))
        if not isinstance(answer, Answer):
            raise NotReady(f"Amazon SNS cannot be asked: {answer.reason}")
        if not 200 <= answer.status < 300:
            raise Refused(f"Amazon SNS answered {answer.status}")
        return answer.body


def _wanted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Twilio signs with the token that sms are sent with, so a workspace that sends them need not say it again."""
    callbacks = settings.get("callbacks") or {}
    sms = (settings.get("channels") or {}).get("sms") or {}
    sent_with = {"twilio": sms["token_env"]} if sms.get("provider") == "twilio" and sms.get("token_env") else {}
    return {**callbacks, "secrets": {**sent_with, **(callbacks.get("secrets") or {})}}


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()
