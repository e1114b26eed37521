"""Sms through Twilio's REST API: POST …/Messages.json, answered 201 with the id, or with a code of its dictionary.

https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/api/errors
Twilio knows no idempotency key here: when an answer is lost, nobody can know whether the message was taken.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from engine.channels import Handover, Rejected, Sent, Text, TryLater, Verdict
from engine.channels.answers import by_status, json_of, not_its_own, words_of
from engine.channels.credentials import Credentials
from engine.channels.http_post import Answer, Asker, Post
from engine.channels.phones import e164

_API = "https://api.twilio.com"

#: The number itself can get no message, or must not: no number, a landline, unknown, unsubscribed by STOP.
DEAD = frozenset({21211, 21217, 21268, 21610, 21614, 21635, 30005, 30006})
#: Not now: too many at once, the queue is full, the phone is off.
LATER = frozenset({20429, 21611, 30001, 30003, 30008, 63038})
#: The account cannot send at all, until its owner does something.
OUTAGE = frozenset({20003, 20005, 20006, 30002})


@dataclass(frozen=True, slots=True)
class TwilioChannel:
    url: str
    authorization: str
    sender: tuple[str, str]  # From or MessagingServiceSid, and its value
    asker: Asker
    status_callback: str | None = None  # where Twilio tells what became of a message

    async def send(self, handover: Handover) -> Verdict:
        content = handover.content
        assert isinstance(content, Text)
        phone = e164(handover.address)
        if phone is None:
            return Rejected(f"{handover.address[:40]} is no phone number with its country, such as +491701234567")
        fields = [("To", phone), self.sender, ("Body", content.text)]
        if self.status_callback:
            fields.append(("StatusCallback", self.status_callback))
        post = Post(
            url=self.url,
            body=urlencode(fields).encode(),
            headers={
                "authorization": self.authorization,
                "content-type": "application/x-www-form-urlencoded",
                "accept": "application/json",
            },
        )
        answer = await self.asker.ask(post)
        return verdict_of(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        pass


def open_twilio(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> TwilioChannel:
    """Raises NotReady."""
    account = settings["account"]
    login = f"{settings.get('key') or account}:{credentials[settings['token_env']]}"
    service = settings.get("service")
    return TwilioChannel(
        url=f"{settings.get('url', _API).rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json",
        authorization="Basic " + b64encode(login.encode()).decode(),
        sender=("MessagingServiceSid", service) if service else ("From", settings["from"]),
        asker=asker,
        status_callback=settings.get("status_callback"),
    )


def verdict_of(answer: Answer) -> Verdict:
    said = json_of(answer)
    if said is None:
        return not_its_own(answer)
    code = said.get("error_code") or said.get("code")
    if 200 <= answer.status < 300 and not code and said.get("sid"):
        return Sent(str(said["sid"]))
    what = words_of(said.get("error_message") or said.get("message"))
    return meaning_of(code, what) or by_status(answer, what)


def meaning_of(code: object, said: str) -> Rejected | TryLater | None:
    """Of a code of Twilio's, in an answer or a status callback. None: it says nothing special."""
    number = int(str(code)) if str(code).isdecimal() else 0
    reason = f"Twilio: {said or 'refused'} ({number})"
    if number in DEAD:
        return Rejected(reason, suppress=True)
    if number in LATER or number in OUTAGE:
        return TryLater(reason, is_outage=number in OUTAGE)
    return None
