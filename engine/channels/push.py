"""Push: to every device and browser of a customer at once. It is sent when one of them takes it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from engine.channels import Contact, Handover, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.credentials import Credentials
from engine.channels.google_tokens import BadAccount, GoogleTokens, read_account
from engine.channels.http_post import Asker
from engine.channels.push_firebase import API, SCOPE, FirebaseDevices, url_of
from engine.channels.push_web import Signer, WebPush
from engine.channels.web_push_sealing import BadKey, key_bytes, private_key
from engine.errors import NotReady

#: The provider that may be down while browsers are reached.
FIREBASE = "firebase"
_NO_DEVICES = "push to devices is not set up: kogda.yaml names no firebase_env"
_NO_BROWSERS = "push to browsers is not set up: kogda.yaml names no contact"


class Reach(Protocol):
    """A way to places of one kind."""

    async def send_to(self, contact: Contact, handover: Handover) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class PushChannel:
    devices: Reach | None
    browsers: Reach | None

    async def send(self, handover: Handover) -> Verdict:
        contacts = handover.contacts or (Contact(address=handover.address),)
        verdicts = await asyncio.gather(*(self._sent_to(each, handover) for each in contacts))
        return taken_together(contacts, verdicts)

    async def close(self) -> None:
        pass

    async def _sent_to(self, contact: Contact, handover: Handover) -> Verdict:
        is_browser = "p256dh" in contact.detail
        reach = self.browsers if is_browser else self.devices
        if reach is None:
            return Rejected(_NO_BROWSERS if is_browser else _NO_DEVICES)
        verdict = await reach.send_to(contact, handover)
        if isinstance(verdict, TryLater) and not is_browser and self.browsers is not None:
            return replace(verdict, provider=FIREBASE)
        return verdict


def taken_together(contacts: Sequence[Contact], verdicts: Sequence[Verdict]) -> Verdict:
    """One that took it is enough; one that may have taken it, or may later, is better than those that never will.
    Those that are dead are named in any case."""
    pairs = list(zip(contacts, verdicts, strict=True))
    dead = tuple(contact.address for contact, each in pairs if isinstance(each, Rejected) and each.suppress)
    sent = [each for each in verdicts if isinstance(each, Sent)]
    if sent:
        return Sent(sent[0].provider_id, gone=dead)
    open_ends = [each for kind in (Unknown, TryLater) for each in verdicts if isinstance(each, kind)]
    if open_ends:
        return replace(open_ends[0], gone=dead)
    refused = [each for each in verdicts if isinstance(each, Rejected)]
    alive = [each for each in refused if not each.suppress]
    return replace(alive[0], gone=dead) if alive else refused[0]


@dataclass(frozen=True, slots=True)
class WaitingReach:
    """The operator must set something first; places of other kinds are reached meanwhile."""

    reason: str

    async def send_to(self, contact: Contact, handover: Handover) -> Verdict:
        return TryLater(self.reason, is_outage=True)


def open_push(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> PushChannel:
    """Raises NotReady."""
    devices = browsers = None
    if variable := settings.get("firebase_env"):
        devices = _devices(variable, settings.get("url", API), credentials, asker)
    if "contact" in settings:
        browsers = _browsers(settings, credentials, asker)
    return PushChannel(devices, browsers)


def open_what_there_is(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> PushChannel:
    """After `open_push` has failed: what misses its credentials waits alone. Raises NotReady when all does."""
    kinds = [
        {name: value for name, value in settings.items() if name != other} for other in ("contact", "firebase_env")
    ]
    opened: list[PushChannel] = []
    reasons: list[NotReady] = []
    for kind in kinds:
        try:
            opened.append(open_push(kind, credentials, asker))
        except NotReady as error:
            reasons.append(error)
    if not opened or not {"contact", "firebase_env"} <= settings.keys():
        raise reasons[0]
    devices, browsers = opened[0].devices, opened[0].browsers
    waiting = WaitingReach(str(reasons[0]))
    return PushChannel(devices or waiting, browsers or waiting)


def _browsers(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> WebPush:
    return WebPush(signer_of(settings, credentials), asker, credentials.link_key)


def _devices(variable: str, api: str, credentials: Credentials, asker: Asker) -> FirebaseDevices:
    """The variable holds the JSON of a service account, or the path of the file with it."""
    written = credentials[variable]
    try:
        account = read_account(written if written.startswith("{") else Path(written).read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise NotReady(f"the environment variable {variable} names a file that cannot be read") from error
    except BadAccount as error:
        raise NotReady(f"the environment variable {variable} holds no service account: {error}") from error
    tokens = GoogleTokens(account, SCOPE, asker)
    return FirebaseDevices(url_of(api, account.project), tokens, asker, credentials.link_key)


def signer_of(settings: Mapping[str, Any], credentials: Credentials) -> Signer:
    """Raises NotReady. Without a key of its own, one that belongs to the installation as the key of links does."""
    variable = settings.get("web_key_env")
    try:
        number = key_bytes(credentials[variable]) if variable else own_number(credentials.link_key)
        return Signer(private_key(number), contact=settings["contact"])
    except BadKey as error:
        raise NotReady(
            f"the environment variable {variable} holds no key: {error}; `kogda keys webpush` makes one"
        ) from error


def own_number(link_key: bytes) -> bytes:
    return hmac.new(link_key, b"web push", sha256).digest()
