"""Devices by Firebase Cloud Messaging, HTTP v1.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages and …/v1/ErrorCode. Firebase knows no
idempotency key: the message's id is the tag of what is shown, so that a repeated one takes the place of the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson

from engine.channels import Contact, Handover, Push, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.answers import by_status, json_of, not_its_own, words_of
from engine.channels.google_tokens import GoogleTokens
from engine.channels.http_post import Answer, Asker, Post
from engine.links.push_clicks import sign_click

API = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: What is not shown within this time is not shown at all.
LIFE = timedelta(days=1)
_LONGEST = 4000  # bytes of title, text and data: Firebase takes 4,096 with its own words
_TOKEN = re.compile(r"[A-Za-z0-9_:.-]{20,4096}")
_NO_TOKEN = re.compile(r"registration token is not a valid|invalid registration", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FirebaseDevices:
    url: str
    tokens: GoogleTokens
    asker: Asker
    link_key: bytes  # signs what comes back with a press

    async def send_to(self, contact: Contact, handover: Handover) -> Verdict:
        if not _TOKEN.fullmatch(contact.address):
            return Rejected(f"{contact.address[:20]} is no token of a device")
        body = orjson.dumps({"message": message_for(contact.address, handover, self.link_key)})
        if len(body) > _LONGEST + len(contact.address):
            return Rejected(f"a push has at most {_LONGEST:,} bytes")
        return await self._asked(body, is_first=True)

    async def _asked(self, body: bytes, *, is_first: bool) -> Verdict:
        token = await self.tokens.token()
        if isinstance(token, TryLater):
            return token
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
        answer = await self.asker.ask(Post(url=self.url, body=body, headers=headers))
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 401:
            self.tokens.refuse(token)
            if is_first and _code_of(json_of(answer) or {}) != "THIRD_PARTY_AUTH_ERROR":
                return await self._asked(body, is_first=False)
        return verdict_of(answer)


def url_of(api: str, project: str) -> str:
    return f"{api.rstrip('/')}/v1/projects/{quote(project, safe='')}/messages:send"


def message_for(token: str, handover: Handover, link_key: bytes) -> dict[str, Any]:
    push, tag = handover.content, str(handover.message)
    assert isinstance(push, Push)
    shown = {"title": push.title, "body": push.text, **({"image": push.image} if push.image else {})}
    click = sign_click(link_key, handover.origin.partition, handover.message)
    data = {**push.data, "kogda_message": tag, "kogda_clicked": click, **({"link": push.link} if push.link else {})}
    ends = int((handover.at + LIFE).timestamp())
    said: dict[str, Any] = {
        "token": token,
        "notification": shown,
        "data": data,
        "android": {
            "ttl": f"{int(LIFE.total_seconds())}s",
            "priority": "HIGH" if handover.is_service else "NORMAL",
            "notification": {"tag": tag},
        },
        "apns": {"headers": {"apns-collapse-id": tag, "apns-expiration": str(ends)}},
    }
    if push.link and push.link.startswith("https://"):
        said["webpush"] = {"fcm_options": {"link": push.link}}
    return said


def verdict_of(answer: Answer) -> Verdict:
    said = json_of(answer)
    if said is None:
        return not_its_own(answer)
    if answer.status == 200 and isinstance(said.get("name"), str):
        return Sent(said["name"])
    error = said.get("error")
    if not isinstance(error, dict):
        without_name = Unknown(f"{answer.host} answered {answer.status} without the name of a message")
        return without_name if 200 <= answer.status < 300 else by_status(answer, words_of(error))
    return _meaning_of(_code_of(said), error, answer)


def _meaning_of(code: str, error: dict[str, Any], answer: Answer) -> Rejected | TryLater | Unknown:
    what = words_of(error.get("message"))
    reason = f"Firebase: {what or 'refused'} ({code or answer.status})"
    match code:
        case "UNREGISTERED":
            return Rejected(reason, suppress=True)
        case "INVALID_ARGUMENT":  # of the token, or of anything else in the message: then no device is to blame
            is_token = _NO_TOKEN.search(what) is not None or "message.token" in _fields(error)
            return Rejected(reason, suppress=is_token)
        case "SENDER_ID_MISMATCH":  # of another project of Firebase: perhaps ours is the wrong one
            return Rejected(reason)
        case "QUOTA_EXCEEDED":
            return TryLater(reason, after=answer.retry_after or timedelta(minutes=1))
        case "UNAVAILABLE" | "INTERNAL":
            return TryLater(reason, after=answer.retry_after, is_outage=True)
        case "THIRD_PARTY_AUTH_ERROR":
            return TryLater(reason, is_outage=True)
    if answer.status == 404:  # no such project, or the API is not switched on
        return TryLater(reason, is_outage=True)
    return by_status(answer, what)


def _code_of(said: dict[str, Any]) -> str:
    """Firebase's own, else the general one of Google."""
    error = said.get("error")
    if not isinstance(error, dict):
        return ""
    own = [str(each["errorCode"]) for each in _details(error) if each.get("errorCode")]
    general = str(error.get("status") or "")
    return own[0] if own else {"RESOURCE_EXHAUSTED": "QUOTA_EXCEEDED"}.get(general, general)


def _fields(error: dict[str, Any]) -> list[str]:
    found = [
        field for each in _details(error) for field in each.get("fieldViolations") or () if isinstance(field, dict)
    ]
    return [str(field.get("field")) for field in found]


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
