"""Messages by a Telegram bot: sendMessage with buttons under the text.

https://core.telegram.org/bots/api#sendmessage. The bot can write only to people who have started it; who has blocked
it answers 403. Telegram knows no idempotency key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from engine.base64url import from_text, to_text
from engine.channels import Button, Handover, Rejected, Sent, Text, TryLater, Verdict
from engine.channels.answers import by_status, json_of, not_its_own, words_of
from engine.channels.credentials import Credentials
from engine.channels.http_post import Answer, Asker, Post
from engine.errors import NotReady

_API = "https://api.telegram.org"
LONGEST = 4096  # characters of a text, in UTF-16 as Telegram counts
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")
_EXAMPLE = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"  # of Telegram's own pages
_CHAT = re.compile(r"-?[0-9]{1,20}")
#: Of a 400 or 403: nobody is there any more, or nobody ever was.
_GONE = re.compile(
    r"chat not found|user not found|user is deactivated|bot was blocked|bot was kicked|bot can't initiate|"
    r"peer_id_invalid|group chat was upgraded",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TelegramChannel:
    url: str  # holds the token: never part of a reason
    asker: Asker

    async def send(self, handover: Handover) -> Verdict:
        content = handover.content
        assert isinstance(content, Text)
        if not _CHAT.fullmatch(handover.address):
            return Rejected(f"{handover.address[:40]} is no chat of Telegram")
        if len(content.text.encode("utf-16-le", "replace")) // 2 > LONGEST:
            return Rejected(f"the text is longer than {LONGEST} characters")
        said: dict[str, Any] = {"chat_id": int(handover.address), "text": content.text}
        if content.buttons:
            rows = [[_button(each, handover.message)] for each in content.buttons]
            said["reply_markup"] = {"inline_keyboard": rows}
        post = Post(url=self.url, body=orjson.dumps(said), headers={"content-type": "application/json"})
        answer = await self.asker.ask(post)
        return verdict_of(answer, handover.address) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        pass


def open_telegram(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> TelegramChannel:
    """Raises NotReady."""
    token = credentials[settings["token_env"]]
    if not _TOKEN.fullmatch(token):
        raise NotReady(f"the environment variable {settings['token_env']} holds no token of a bot, such as {_EXAMPLE}")
    return TelegramChannel(url_of(settings, token), asker)


def url_of(settings: Mapping[str, Any], token: str) -> str:
    """Where texts go: to Telegram itself, or to the Bot API server that `channels.telegram` names."""
    return f"{settings.get('url', _API).rstrip('/')}/bot{token}/sendMessage"


def verdict_of(answer: Answer, chat: str) -> Verdict:
    """Telegram numbers messages within each chat, so the id is made of both numbers."""
    said = json_of(answer)
    if said is None or "ok" not in said:
        return not_its_own(answer)
    result = said.get("result")
    if said["ok"] is True and isinstance(result, dict):
        return Sent(f"{chat}.{result.get('message_id', '')}")
    what = words_of(said.get("description"))
    if answer.status == 429:
        return TryLater(f"Telegram: {what}", after=_pause(said) or answer.retry_after)
    if answer.status in (400, 403):
        return Rejected(f"Telegram: {what}", suppress=answer.status == 403 or _GONE.search(what) is not None)
    if answer.status in (401, 404):
        return TryLater(f"Telegram does not know the bot's token: {what}", is_outage=True)
    return by_status(answer, what)


def cut(text: str) -> str:
    """The beginning of a text that fits into one message."""
    return text.encode("utf-16-le", "replace")[: LONGEST * 2].decode("utf-16-le", "ignore")


def _pause(said: Mapping[str, Any]) -> timedelta | None:
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return timedelta(seconds=min(seconds, 86_400)) if isinstance(seconds, int) and seconds > 0 else None


def _button(button: Button, message: UUID) -> dict[str, str]:
    if button.link:
        return {"text": button.text, "url": button.link}
    return {"text": button.text, "callback_data": press_of(message, button.press or "")}


def press_of(message: UUID, press: str) -> str:
    """What a press brings back: at most 64 bytes, 22 of them for the message."""
    return f"{to_text(message.bytes)}:{press}"


def read_press(data: str) -> tuple[UUID, str] | None:
    """Message and word. None: it is no press of a button of ours."""
    written, _, press = data.partition(":")
    try:
        return UUID(bytes=from_text(written)), press
    except ValueError:
        return None
