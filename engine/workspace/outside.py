"""What of kogda.yaml leads out of Kogda: pools of promo codes, webhook targets, groups of the staff."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dsl.catalog import PromoPool
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.source import Span
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Entry, Items, Mapping, Scalar, Tree

PROMO_KEYS = ("discount", "expires", "low")
WEBHOOK_KEYS = ("url", "secret_env")
STAFF_KEYS = ("email", "telegram", "slack", "shows")
TELEGRAM_KEYS = ("chat", "token_env")
SLACK_KEYS = ("url_env",)

_NAME = re.compile(r"""[^\s"«»“”„\x00-\x1f](?:[^"«»“”„\x00-\x1f]{0,62}[^\s"«»“”„\x00-\x1f])?""")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
#: Ends of names that only a private network knows.
_PRIVATE = (".localhost", ".local", ".internal", ".lan", ".test")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    url: str
    secret_env: str  # the environment variable that holds the secret

    def as_json(self) -> dict[str, Any]:
        return {"url": self.url, "secret_env": self.secret_env}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffGroup:
    """People who are told things, and by which ways."""

    email: tuple[str, ...] = ()
    telegram: tuple[str, str] | None = None  # chat, and the variable that holds the bot's token
    slack: str | None = None  # the variable that holds the address of the incoming webhook
    shows: tuple[tuple[str, Span], ...] = ()  # attributes of the customer that a note tells, with their places

    def as_json(self) -> dict[str, Any]:
        telegram = {"chat": self.telegram[0], "token_env": self.telegram[1]} if self.telegram else None
        return {
            "email": list(self.email),
            "telegram": telegram,
            "slack": {"url_env": self.slack} if self.slack else None,
            "shows": [name for name, _ in self.shows],
        }


def read_promos(value: Tree, reader: Reader) -> dict[str, PromoPool]:
    return _read_named(value, "promos", reader, _read_promo)


def read_webhooks(value: Tree, reader: Reader) -> dict[str, Webhook]:
    return _read_named(value, "webhooks", reader, _read_webhook)


def read_staff(value: Tree, reader: Reader) -> dict[str, StaffGroup]:
    return _read_named(value, "staff", reader, _read_group)


def check_shown(staff: dict[str, StaffGroup], attributes: dict[str, Any], problems: Problems) -> None:
    """Notes can tell only what the schema knows of a customer."""
    for group in staff.values():
        for name, span in group.shows:
            if name not in attributes:
                message = say('customers have no attribute "{name}"', name=name)
                report_unknown("E203", message, span, problems=problems, candidates=attributes)


def _read_named(value: Tree, what: str, reader: Reader, read: Callable[[Entry, Reader], T | None]) -> dict[str, T]:
    mapping = reader.mapping(value, what)
    found: dict[str, T] = {}
    for entry in mapping.entries.values() if mapping else ():
        if not _NAME.fullmatch(entry.key):
            reader.problems.error(
                "E516",
                say('"{name}" cannot be written in a rule', name=entry.key),
                Label(entry.key_span, say("no quotes in it, at most 64 characters")),
            )
        elif (each := read(entry, reader)) is not None:
            found[entry.key] = each
    return found


def _read_promo(pool: Entry, reader: Reader) -> PromoPool:
    read: dict[str, Any] = {}
    for entry in reader.entries(pool.value, PROMO_KEYS, pool.key):
        if entry.key == "low":
            read["low"] = _count(entry.value, reader)
        else:
            reads = _day if entry.key == "expires" else _shown_text
            read[entry.key] = reads(entry.value, reader)
    return PromoPool(**{key: each for key, each in read.items() if each is not None})


def _shown_text(value: Tree, reader: Reader) -> str | None:
    return reader.text(value, say("what a customer reads, such as 10%"))


def _day(value: Tree, reader: Reader) -> str | None:
    written = value.text.strip() if isinstance(value, Scalar) else ""
    with suppress(ValueError):
        if len(written) == 10:
            return date.fromisoformat(written).isoformat()
    reader.wrong(value, say("a day, such as 2026-12-31"))
    return None


def _count(value: Tree, reader: Reader) -> int | None:
    if isinstance(value, Scalar) and isinstance(value.value, int) and 0 <= value.value <= 1_000_000_000:
        return int(value.value)
    reader.wrong(value, say("a whole number, such as 100"))
    return None


def _read_webhook(target: Entry, reader: Reader) -> Webhook | None:
    read: dict[str, str | None] = {}
    for entry in reader.entries(target.value, WEBHOOK_KEYS, target.key):
        read[entry.key] = (_url if entry.key == "url" else read_variable)(entry.value, reader)
    for key in WEBHOOK_KEYS:
        if key not in read:
            what = (
                say("where should it go?") if key == "url" else say("every call is signed, and nothing to sign it with")
            )
            reader.problems.error(
                "E519",
                say('the webhook "{name}" has no {key}', name=target.key, key=key),
                Label(target.key_span, what),
                notes=["url: https://crm.example/hooks" if key == "url" else "secret_env: CRM_SECRET"],
            )
    url, secret = read.get("url"), read.get("secret_env")
    return Webhook(url=url, secret_env=secret) if url and secret else None


def _url(value: Tree, reader: Reader) -> str | None:
    text = reader.text(value, say("an address, such as https://crm.example/hooks"))
    reason = reason_against(text) if text else None
    if reason is None:
        return text
    reader.problems.error("E519", say('"{url}" cannot be called', url=text), Label(value.span, reason))
    return None


def reason_against(url: str) -> str | None:
    """Only what can be told from the text: where a name leads is looked at for each call."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return say("this is no address")
    if parts.scheme not in ("https", "http") or not host or re.search(r"[\s\\\x00-\x1f]", url):
        return say("an address begins with https://")
    if parts.username or parts.password:
        return say("no name and password in an address: the secret signs the call")
    if parts.fragment:
        return say("what stands behind # is never sent")
    if parts.scheme == "http" and not _is_private(host):
        return say("https, so that nobody can read it on the way")
    return None


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE)


def read_variable(value: Tree, reader: Reader) -> str | None:
    """The name of an environment variable, for what must not stand in the file."""
    text = reader.text(value, say("the name of an environment variable"))
    if text is None or (_VARIABLE.fullmatch(text) and not text.upper().startswith("KOGDA_")):
        return text
    if _VARIABLE.fullmatch(text):
        reader.wrong(value, say("a name of your own"), notes=[say("KOGDA_… are settings of Kogda itself")])
        return None
    reader.wrong(
        value,
        say("the name of an environment variable"),
        notes=[say("the secret itself stands in the environment, never in this file")],
    )
    return None


def _read_group(group: Entry, reader: Reader) -> StaffGroup | None:
    """Addresses alone, or ways with their settings."""
    before = len(reader.problems.found)
    if isinstance(group.value, Mapping):
        read = dict(_ways(group, reader))
    else:
        read = {"email": _addresses(group.value, reader)}
    found = StaffGroup(**read)
    if found.email or found.telegram or found.slack or len(reader.problems.found) > before:
        return found
    reader.problems.error(
        "E520",
        say('the staff group "{name}" reaches nobody', name=group.key),
        Label(group.key_span, say("give it an email, a telegram or a slack")),
    )
    return None


def _ways(group: Entry, reader: Reader) -> Iterator[tuple[str, Any]]:
    for entry in reader.entries(group.value, STAFF_KEYS, group.key):
        match entry.key:
            case "email":
                yield "email", _addresses(entry.value, reader)
            case "telegram":
                both = _both(entry, TELEGRAM_KEYS, reader)
                yield "telegram", (both["chat"], both["token_env"]) if both else None
            case "slack":
                both = _both(entry, SLACK_KEYS, reader)
                yield "slack", both["url_env"] if both else None
            case "shows":
                names = reader.texts(entry.value, say("the name of an attribute"))
                yield "shows", tuple((name, item.span) for name, item in names)


def _addresses(value: Tree, reader: Reader) -> tuple[str, ...]:
    items = value.items if isinstance(value, Items) else (value,)
    return tuple(address for item in items if (address := reader.address(item)) is not None)


def _both(way: Entry, keys: tuple[str, ...], reader: Reader) -> dict[str, str] | None:
    """All keys of a way, or None, which is reported."""
    read: dict[str, str | None] = {}
    for entry in reader.entries(way.value, keys, way.key):
        read[entry.key] = _chat(entry.value, reader) if entry.key == "chat" else read_variable(entry.value, reader)
    missing = [key for key in keys if key not in read]
    if missing:
        reader.problems.error(
            "E520",
            say("{way} needs: {keys}", way=way.key, keys=", ".join(missing)),
            Label(way.key_span, say("without it nothing can be sent there")),
        )
    found = {key: each for key, each in read.items() if each}
    return found if len(found) == len(keys) else None


def _chat(value: Tree, reader: Reader) -> str | None:
    """A number, of a group a negative one, or @channel."""
    text = value.text.strip() if isinstance(value, Scalar) else ""
    if re.fullmatch(r"-?\d{1,20}|@\w{1,64}", text):
        return text
    reader.wrong(value, say("a chat, such as -1001234567890 or @our_channel"))
    return None
