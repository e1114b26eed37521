"""What of kogda.yaml is about the time after sending: `tracking`, and `callbacks` of providers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dsl.diagnostics import Label
from dsl.messages import say
from engine.tracking.policy import TOUCHES, UTM, Tracking
from engine.workspace.channels import read_codes, read_header_name, read_path
from engine.workspace.kinds import read_title
from engine.workspace.outside import read_variable
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Entry, Items, Mapping, Scalar, Tree

TRACKING_KEYS = ("opens", "clicks", "text_links", "short_links", "transactional", "proxies", "utm", "credit", "revenue")
TOPIC_KEYS = ("title", "tracking")
PROVIDERS = ("ses", "sendgrid", "mailgun", "postmark", "resend", "twilio", "gateway", "mail")
CALLBACK_KEYS = (*PROVIDERS, "soft_bounces")

#: Soft bounces in a row after which an address counts as dead.
SOFT_BOUNCES = 5
_FLAGS = ("opens", "clicks", "text_links", "short_links", "transactional", "proxies")
_OFF = Tracking(opens=False, clicks=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """Who may tell us what became of messages, and how it is known that it is them."""

    secrets: dict[str, str] = field(default_factory=dict)  # provider -> environment variable
    gateway: dict[str, Any] = field(default_factory=dict)  # where things stand in its calls
    topic: str | None = None  # of Amazon SNS, whose messages are signed by Amazon
    soft_bounces: int = SOFT_BOUNCES

    def as_json(self) -> dict[str, Any]:
        return {"secrets": dict(self.secrets), "topic": self.topic, "soft_bounces": self.soft_bounces} | (
            {"gateway": dict(self.gateway)} if self.gateway else {}
        )


def read_tracking(value: Tree, reader: Reader) -> Tracking:
    """`off`, or what is wanted in particular."""
    switched = _switch(value)
    if switched is not None:
        return Tracking() if switched else _OFF
    read: dict[str, Any] = {}
    for entry in reader.entries(value, TRACKING_KEYS, "tracking"):
        if entry.key in _FLAGS:
            switched = _switch(entry.value)
            read[entry.key] = reader.flag(entry.value) if switched is None else switched
        elif entry.key == "utm":
            read["utm"] = _read_utm(entry.value, reader)
        elif entry.key == "credit":
            items = entry.value.items if isinstance(entry.value, Items) else (entry.value,)
            named = {choice for item in items if (choice := reader.choice(item, TOUCHES))}
            read["credit"] = tuple(touch for touch in TOUCHES if touch in named) or TOUCHES
        else:
            read["revenue"] = reader.text(entry.value, say("the name of a property"))
    return Tracking(**read)


def read_topic_title(entry: Entry, reader: Reader) -> str | dict[str, str] | None:
    """What a customer reads for a topic: the text, or the `title` beside other keys, which may be by language."""
    if not isinstance(entry.value, Mapping):
        return reader.text(entry.value)
    found = {each.key: each.value for each in reader.entries(entry.value, TOPIC_KEYS, entry.key)}
    title = found.get("title")
    if isinstance(title, Mapping):
        return read_title(title, reader)
    return reader.text(title) if title is not None else None


def untracked_topics(value: Tree | None, reader: Reader) -> frozenset[str]:
    """Topics that say `tracking: off`."""
    found = set()
    for topic in value.entries.values() if isinstance(value, Mapping) else ():
        wish = topic.value.get("tracking") if isinstance(topic.value, Mapping) else None
        if wish is None:
            continue
        switched = _switch(wish)
        if not (reader.flag(wish) if switched is None else switched):
            found.add(topic.key)
    return frozenset(found)


def read_callbacks(value: Tree, reader: Reader) -> Callbacks:
    secrets: dict[str, str] = {}
    read: dict[str, Any] = {}
    for entry in reader.entries(value, CALLBACK_KEYS, "callbacks"):
        if entry.key == "soft_bounces":
            read["soft_bounces"] = _read_count(entry.value, reader)
        elif entry.key == "ses":
            read["topic"] = _only(entry, "topic", reader)
        elif entry.key == "gateway":
            secret, read["gateway"] = read_gateway(entry, reader)
            secrets |= {"gateway": secret} if secret else {}
        elif secret := _only(entry, "secret_env", reader):
            secrets[entry.key] = secret
    return Callbacks(secrets=secrets, **{name: each for name, each in read.items() if each is not None})


def read_gateway(gateway: Entry, reader: Reader) -> tuple[str | None, dict[str, Any]]:
    """The variable of its secret, and the form of its calls."""
    secret, form = None, {}
    for entry in reader.entries(gateway.value, ("secret_env", *_GATEWAY), gateway.key):
        if entry.key == "secret_env":
            secret = read_variable(entry.value, reader)
        elif (found := _GATEWAY[entry.key](entry.value, reader)) is not None:
            form["sender" if entry.key == "from" else entry.key] = found
    if secret is None:
        _without_secret(gateway, "secret_env", reader)
    return secret, form


def _switch(tree: Tree) -> bool | None:
    """`on` and `off` are what people write here, so both are understood."""
    if not isinstance(tree, Scalar):
        return None
    if isinstance(tree.value, bool):
        return tree.value
    return {"on": True, "off": False}.get(tree.text.strip().lower())


def _read_utm(value: Tree, reader: Reader) -> dict[str, str]:
    read = {entry.key: reader.text(entry.value) for entry in reader.entries(value, UTM, "utm")}
    return {name: text for name, text in read.items() if text}


def _read_count(value: Tree, reader: Reader) -> int | None:
    if isinstance(value, Scalar) and type(value.value) is int and 1 <= value.value <= 1000:
        return value.value
    reader.wrong(value, say("a whole number, such as 100"))
    return None


def _only(provider: Entry, key: str, reader: Reader) -> str | None:
    """The one setting that this provider has."""
    for entry in reader.entries(provider.value, (key,), provider.key):
        if key == "topic":
            return reader.text(entry.value, say("the ARN of a topic of Amazon SNS"))
        return read_variable(entry.value, reader)
    _without_secret(provider, key, reader)
    return None


def _without_secret(provider: Entry, key: str, reader: Reader) -> None:
    reader.problems.error(
        "E507",
        say("callbacks of {provider} need {key}", provider=provider.key, key=key),
        Label(provider.key_span, say("without it nobody can tell who calls")),
        notes=["topic: arn:aws:sns:eu-west-1:123456789012:mails"]
        if key == "topic"
        else [f"secret_env: {provider.key.upper()}_SECRET"],
    )


_GATEWAY: dict[str, Callable[[Tree, Reader], Any]] = {
    "channel": lambda value, reader: reader.choice(value, ("sms", "whatsapp", "viber")),
    "signature": read_header_name,
    "from": read_path,
    "text": read_path,
    "id": read_path,
    "status": read_path,
    "delivered": read_codes,
    "failed": read_codes,
}
