"""`channels` of kogda.yaml: what this server sends by, through whom, in the order in which `send best` tries them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from dsl.diagnostics import Label
from dsl.messages import say
from engine.workspace.outside import read_variable, reason_against
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Entry, Items, Mapping, Scalar, Tree

#: By channel, who can send for it. The first is meant when none is named.
PROVIDERS: dict[str, tuple[str, ...]] = {
    "email": (),
    "sms": ("twilio", "gateway"),
    "telegram": ("telegram",),
    "whatsapp": ("gateway",),
    "viber": ("gateway",),
    "push": ("push",),
    "inapp": (),
}

#: Keys of each provider: those it needs, and those it may have.
TWILIO = ("account", "token_env"), ("from", "service", "key", "url")
TELEGRAM = ("token_env",), ("secret_env", "bot", "url")
GATEWAY = ("url",), ("method", "headers", "body", "format", "id", "code", "sent", "dead", "rejected", "later")
PUSH = (), ("firebase_env", "contact", "web_key_env", "url")
KEYS = {"twilio": TWILIO, "telegram": TELEGRAM, "gateway": GATEWAY, "push": PUSH}

METHODS = ("POST", "PUT", "GET")
FORMATS = ("json", "form")

#: What stands in braces in the address, the headers and the body of a gateway.
FILLED = ("phone", "digits", "text", "message")
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENDER = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9 ._&-]{1,11}")
_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_CONTACT = re.compile(r"(mailto:)?[^\s@<>:]{1,64}@[^\s@<>:]{3,255}|https://[^\s@#]{3,255}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")

ChannelSettings: TypeAlias = dict[str, dict[str, Any]]

MAIL_ONLY: ChannelSettings = {"email": {}}


def read_channels(value: Tree, reader: Reader) -> ChannelSettings:
    """A list of names, or names with their settings. Without settings messages land on the mailbox page. Email is
    always there; not named, it comes last."""
    if isinstance(value, Mapping):
        found = {entry.key: _settings(entry, reader) for entry in reader.entries(value, tuple(PROVIDERS), "channels")}
    else:
        items = value.items if isinstance(value, Items) else (value,)
        found = {channel: {} for item in items if (channel := reader.choice(item, tuple(PROVIDERS)))}
    return {**found, **{channel: {} for channel in MAIL_ONLY if channel not in found}}


def _settings(channel: Entry, reader: Reader) -> dict[str, Any]:
    """Nothing at all, or all that its provider needs."""
    if isinstance(channel.value, Scalar) and channel.value.value is None:
        return {}
    providers = PROVIDERS[channel.key]
    mapping = reader.mapping(channel.value, channel.key)
    if mapping is None or not mapping.entries:
        return {}
    if not providers:
        is_mail = channel.key == "email"
        problem = say("mails are set up with KOGDA_SMTP_URL in the environment")
        reader.problems.error(
            "E521",
            say("email has no settings here") if is_mail else say("{channel} has no settings", channel=channel.key),
            Label(channel.key_span, problem if is_mail else say("its name alone is enough")),
        )
        return {}
    named = mapping.get("provider")
    provider = reader.choice(named, providers) if named is not None else providers[0]
    if provider is None:
        return {}
    return _of_provider(channel, mapping, provider, reader)


def _of_provider(channel: Entry, mapping: Mapping, provider: str, reader: Reader) -> dict[str, Any]:
    needed, allowed = KEYS[provider]
    read: dict[str, Any] = {"provider": provider}
    for entry in reader.entries(mapping, ("provider", *needed, *allowed), channel.key):
        if entry.key != "provider" and (found := _READERS[entry.key](entry.value, reader)) is not None:
            read[entry.key] = found
    missing = [key for key in needed if key not in mapping.entries]
    if provider == "twilio" and not {"from", "service"} & mapping.entries.keys():
        missing.append("from")
    if provider == "push" and not {"firebase_env", "contact"} & mapping.entries.keys():
        missing.append("firebase_env / contact")
    if missing:
        keys, name = ", ".join(missing), channel.key
        reader.problems.error(
            "E521",
            say("{channel} by {provider} needs: {keys}", channel=name, provider=provider, keys=keys),
            Label(channel.key_span, say("without it nothing can be sent there")),
            notes=[say("or nothing at all under {channel}: then messages land on the mailbox page", channel=name)],
        )
    return read


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[Tree, Reader], str | None]:
    def read(value: Tree, reader: Reader) -> str | None:
        text = value.text.strip() if isinstance(value, Scalar) else ""
        if pattern.fullmatch(text):
            return text
        reader.wrong(value, expected)
        return None

    return read


def _url(value: Tree, reader: Reader) -> str | None:
    text = reader.text(value, say("an address, such as https://api.provider.example/send"))
    reason = reason_against(PLACEHOLDER.sub("x", text)) if text else None
    if text is None or reason is not None:
        if reason is not None:
            reader.problems.error("E521", say('"{url}" cannot be called', url=text), Label(value.span, reason))
        return None
    return _filled(text, value, reader)


def _filled(text: str, value: Tree, reader: Reader) -> str | None:
    """What stands in braces is ours, or a variable of the environment in capital letters."""
    for name in PLACEHOLDER.findall(text):
        if name not in FILLED and not (name.isupper() and not name.startswith("KOGDA_")):
            known = ", ".join(f"{{{each}}}" for each in FILLED)
            reader.problems.error(
                "E521",
                say("nothing is known by {name}", name=f"{{{name}}}"),
                Label(value.span, say("there are: {all}", all=known)),
                notes=[
                    say("a variable of the environment is written in capital letters: {example}", example="{SMS_KEY}")
                ],
            )
            return None
    return text


def _headers(value: Tree, reader: Reader) -> dict[str, str] | None:
    mapping = reader.mapping(value, "headers")
    found: dict[str, str] = {}
    for entry in mapping.entries.values() if mapping else ():
        text = reader.text(entry.value)
        if not _HEADER.fullmatch(entry.key) or (text and re.search(r"[\x00-\x1f\x7f]", text)):
            reader.wrong(entry.value, say("a header, such as Authorization: Bearer {example}", example="{SMS_KEY}"))
        elif text and (filled := _filled(text, entry.value, reader)):
            found[entry.key] = filled
    return found


def _body(value: Tree, reader: Reader) -> dict[str, Any] | None:
    """Names with texts, numbers, lists and names again, to any depth."""
    if not isinstance(value, Mapping):
        reader.mapping(value, "body")
        return None
    return {key: each for key, each in _parts(value, reader)}


def _parts(value: Mapping, reader: Reader) -> Iterator[tuple[str, Any]]:
    for entry in value.entries.values():
        yield entry.key, _part(entry.value, reader)


def _part(value: Tree, reader: Reader) -> Any:
    match value:
        case Mapping():
            return dict(_parts(value, reader))
        case Items():
            return [_part(each, reader) for each in value.items]
        case Scalar():
            return _filled(value.value, value, reader) if isinstance(value.value, str) else value.value


def read_codes(value: Tree, reader: Reader) -> list[str]:
    items = value.items if isinstance(value, Items) else (value,)
    codes = [each.text.strip() for each in items if isinstance(each, Scalar)]
    if len(codes) != len(items):
        reader.wrong(value, say("a list of codes, such as [21, 22]"))
    return [code for code in codes if code]


def _contact(value: Tree, reader: Reader) -> str | None:
    """Of who sends, for the operators of push services: `mailto:` stands before an address."""
    text = value.text.strip() if isinstance(value, Scalar) else ""
    if _CONTACT.fullmatch(text):
        return text if text.startswith(("mailto:", "https://")) else f"mailto:{text}"
    reader.wrong(value, say("an address of yours, such as push@shop.example or https://shop.example/contact"))
    return None


read_path = _matching(_PATH, say("where it stands in the answer, such as messages.0.id"))
read_header_name = _matching(_HEADER, say("the name of a header, such as X-Signature"))

_READERS: dict[str, Callable[[Tree, Reader], Any]] = {
    "account": _matching(_ACCOUNT, say("the id of the account, such as AC0123456789")),
    "key": _matching(_ACCOUNT, say("the id of the key, such as SK0123456789")),
    "service": _matching(_ACCOUNT, say("the id of the messaging service, such as MG0123456789")),
    "from": _matching(_SENDER, say('a sender, such as "+491701234567" or Shop')),
    "bot": _matching(re.compile(r"@?[A-Za-z0-9_]{4,64}"), say("the name of the bot, such as teplo_bot")),
    "contact": _contact,
    "firebase_env": read_variable,
    "web_key_env": read_variable,
    "token_env": read_variable,
    "secret_env": read_variable,
    "url": _url,
    "method": lambda value, reader: reader.choice(value, METHODS),
    "format": lambda value, reader: reader.choice(value, FORMATS),
    "headers": _headers,
    "body": _body,
    "id": read_path,
    "code": read_path,
    "sent": read_codes,
    "dead": read_codes,
    "rejected": read_codes,
    "later": read_codes,
}
