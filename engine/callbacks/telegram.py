"""What Telegram tells a bot: https://core.telegram.org/bots/api#update. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from engine.callbacks import Refused, Unreadable
from engine.channels.telegram import read_press
from engine.storage.kept_words import storable

#: The header that proves who calls; its value is given to setWebhook.
HEADER = "x-telegram-bot-api-secret-token"
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    id: int
    chat: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(_Update):
    """Somebody opened the bot, by a link of ours when there is a token."""

    token: str
    name: str | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote(_Update):
    text: str
    reply_to: str | None  # the bot's message that it answers, as Telegram counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(_Update):
    query: str  # to be answered, or the button goes on turning
    message: UUID
    press: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(_Update):
    """Blocked the bot, or asked it to stop."""

    is_blocked: bool


Update: TypeAlias = Started | Wrote | Pressed | Left


def verify(given: str | None, secret: str) -> None:
    """Raises Refused."""
    if not given:
        raise Refused(f"the header {HEADER} is missing", status=401)
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise Refused("the secret is wrong")


def read_update(body: bytes, now: datetime) -> Update | None:
    """None: nothing that concerns us, such as a message in a group. Raises Unreadable."""
    try:
        said = orjson.loads(body)
        number = said["update_id"]
        if not isinstance(number, int):
            raise TypeError
        if "callback_query" in said:
            return _pressed(said["callback_query"], number, now)
        if "my_chat_member" in said:
            return _member(said["my_chat_member"], number, now)
        return _message(said["message"], number, now) if "message" in said else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as error:
        raise Unreadable("no update of Telegram") from error


def _pressed(query: dict[str, Any], number: int, now: datetime) -> Pressed | None:
    press = read_press(str(query.get("data", "")))
    chat = query["from"]["id"]
    if press is None:
        return None
    return Pressed(id=number, chat=str(int(chat)), at=now, query=str(query["id"]), message=press[0], press=press[1])


def _member(change: dict[str, Any], number: int, now: datetime) -> Left | None:
    chat = _private(change)
    if chat is None or change["new_chat_member"]["status"] not in ("kicked", "left"):
        return None
    return Left(id=number, chat=chat, at=_time(change, now), is_blocked=True)


def _message(message: dict[str, Any], number: int, now: datetime) -> Update | None:
    chat, text = _private(message), str(message.get("text") or message.get("caption") or "")
    if chat is None:
        return None
    at = _time(message, now)
    command, _, rest = text.partition(" ")
    if command == "/start":
        who = message.get("from") or {}
        name, language = _short(who.get("first_name")), _short(who.get("language_code"))
        return Started(id=number, chat=chat, at=at, token=rest.strip(), name=name, language=language)
    if command == "/stop":
        return Left(id=number, chat=chat, at=at, is_blocked=False)
    answered = (message.get("reply_to_message") or {}).get("message_id")
    reply_to = str(int(answered)) if answered is not None else None
    return Wrote(id=number, chat=chat, at=at, text=storable(text)[:_LONGEST], reply_to=reply_to)


def _private(said: dict[str, Any]) -> str | None:
    """What is said in groups is not said by one customer."""
    chat = said["chat"]
    return str(int(chat["id"])) if chat.get("type") == "private" else None


def _time(said: dict[str, Any], now: datetime) -> datetime:
    date = said.get("date")
    return min(datetime.fromtimestamp(date, UTC), now) if isinstance(date, int) else now


def _short(value: object) -> str | None:
    return storable(str(value))[:100] if value else None
