"""kogda.yaml: the facts and policies of a workspace that this version acts on. What it does not act on is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dsl.catalog import PromoPool
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.plan import Length, QuietHours, WorkspaceCap
from dsl.problems import Problems
from dsl.source import Source, Span
from engine.links.bounce_addresses import LONGEST_LOCAL
from engine.tracking.policy import Tracking
from engine.workspace.channels import MAIL_ONLY, ChannelSettings, read_channels
from engine.workspace.confirmations import check_confirmed, read_confirmations
from engine.workspace.dkim import read_dkim
from engine.workspace.holidays import hours_of, read_holidays
from engine.workspace.kinds import is_name
from engine.workspace.limits import read_caps, read_quiet_hours
from engine.workspace.outside import StaffGroup, Webhook, read_promos, read_staff, read_webhooks
from engine.workspace.providers import read_providers
from engine.workspace.reading import Reader
from engine.workspace.sparing import read_repeats, read_sunset
from engine.workspace.tracking import Callbacks, read_callbacks, read_topic_title, read_tracking, untracked_topics
from engine.workspace.yaml_tree import Items, Mapping, Scalar, Tree, parse_yaml

LANGUAGE = 1

KEYS = (
    "language", "name", "timezone", "currency", "locale", "mail", "topics", "consent", "double_opt_in",
    "unknown_window", "late_after", "leap_day", "quiet_hours", "caps", "channels", "promos", "webhooks", "staff",
    "tracking", "callbacks", "providers", "repeats", "sunset", "dkim",
)  # fmt: skip
MAIL_KEYS = ("from", "reply_to", "unsubscribe", "bounces", "accent", "site", "logo", "address")
CLASSES = ("marketing", "transactional")
POLICIES = ("hold", "resend")
CONSENTS = ("unless_refused", "required")
LEAP_DAYS = ("28 february", "1 march")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSettings:
    name: str = "Kogda"
    timezone: str = "UTC"
    currency: str | None = None
    locale: str = "en"
    mail: dict[str, str] = field(default_factory=dict)  # the keys of MAIL_KEYS: addresses with a name perhaps, colour
    topics: dict[str, str | dict[str, str]] = field(
        default_factory=dict
    )  # what a customer reads for it, or by language
    consent: str = CONSENTS[0]  # what marketing needs: no refusal, or an explicit yes
    double_opt_in: dict[str, tuple[str, Span]] = field(default_factory=dict)  # channel or topic -> template that asks
    unknown_window: dict[str, str] = field(default_factory=dict)  # class of messages -> hold or resend
    late_after: Length | None = None  # None: 72 hours
    leap_day: str = LEAP_DAYS[0]
    quiet_hours: QuietHours | None = None  # nothing is sent then, unless a rule ignores them
    holidays: tuple[str, ...] = ()  # places whose public holidays are quiet for marketing
    caps: tuple[WorkspaceCap, ...] = ()  # of marketing messages to one customer
    promos: dict[str, PromoPool] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    staff: dict[str, StaffGroup] = field(default_factory=dict)
    tracking: Tracking = field(default_factory=Tracking)  # opens and clicks
    callbacks: Callbacks = field(default_factory=Callbacks)  # providers that report
    dkim: list[dict[str, Any]] = field(default_factory=list)  # what mails are signed with
    repeats: dict[str, Any] = field(default_factory=dict)  # what is not said twice through two channels
    sunset: dict[str, Any] = field(default_factory=dict)  # who does not react gets less
    providers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by channel: how fast it may be used
    channels: ChannelSettings = field(default_factory=lambda: dict(MAIL_ONLY))  # in the order of `send best`

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "locale": self.locale,
            "mail": dict(self.mail),
            "topics": dict(self.topics),
            "consent": self.consent,
            "unknown_window": dict(self.unknown_window),
            **self._confirmations(),
            "leap_day": self.leap_day,
            "quiet_hours": f"{self.quiet_hours.start} to {self.quiet_hours.end}" if self.quiet_hours else None,
            "promos": {name: asdict(pool) for name, pool in self.promos.items()},
            "webhooks": {name: target.as_json() for name, target in self.webhooks.items()},
            "channels": dict(self.channels),
            "staff": {name: group.as_json() for name, group in self.staff.items()},
            **({"tracking": self.tracking.as_json()} if self.tracking != Tracking() else {}),
            **({"providers": self.providers} if self.providers else {}),
            **({"dkim": self.dkim} if self.dkim else {}),
            **({"holidays": list(self.holidays)} if self.holidays else {}),
            **({"repeats": self.repeats} if self.repeats else {}),
            **({"sunset": self.sunset} if self.sunset else {}),
            **({"callbacks": self.callbacks.as_json()} if self.callbacks != Callbacks() else {}),
        }

    def _confirmations(self) -> dict[str, Any]:
        asking = {what: name for what, (name, _) in self.double_opt_in.items()}
        return {"double_opt_in": asking} if asking else {}


def load_settings(source: Source, problems: Problems) -> WorkspaceSettings:
    """What could be read; the rest is in `problems`."""
    tree = parse_yaml(source, problems)
    if tree is None:
        return WorkspaceSettings()
    reader = Reader(problems)
    _check_language(tree, reader)
    read: dict[str, Any] = {}
    for entry in reader.entries(_at_its_place(tree, reader), KEYS, "kogda.yaml"):
        value = _read(entry.key, entry.value, reader)
        if value is not None:
            read[entry.key] = value
    read["holidays"] = read_holidays(tree.get("quiet_hours"), reader)
    caps = tree.get("caps")
    if caps is not None:
        read["caps"] = read_caps(caps, reader, topics=read.get("topics", {}), channels=read.get("channels", MAIL_ONLY))
    untracked = untracked_topics(tree.get("topics"), reader)
    if untracked:
        read["tracking"] = replace(read.get("tracking", Tracking()), untracked=untracked)
    check_confirmed(read.get("double_opt_in", {}), read.get("topics", {}), tree, reader)
    return WorkspaceSettings(**read)


def _check_language(tree: Mapping, reader: Reader) -> None:
    language = tree.get("language")
    if language is None:
        reader.problems.error(
            "E518",
            say("the version of the rule language is missing"),
            Label(Span(0, 0), say("kogda.yaml says which one its rules are written in")),
            notes=[say("add a line: language: {LANGUAGE}", LANGUAGE=LANGUAGE)],
        )
    elif not isinstance(language, Scalar) or language.value != LANGUAGE or isinstance(language.value, bool):
        reader.problems.error(
            "E518",
            say("this version of the rule language is not known"),
            Label(language.span, say("this version of Kogda reads language {LANGUAGE}", LANGUAGE=LANGUAGE)),
        )


def _at_its_place(tree: Mapping, reader: Reader) -> Mapping:
    """Keys of `mail` that stand at the left margin get a finding of their own."""
    astray = [entry for entry in tree.entries.values() if entry.key in MAIL_KEYS]
    for entry in astray:
        reader.problems.error(
            "E506",
            say('"{key}" belongs under `mail`', key=entry.key),
            Label(entry.key_span, say("nobody reads this here")),
            notes=[say("mail: then, on the next line, two blanks and {key}: …", key=entry.key)],
        )
    entries = {key: entry for key, entry in tree.entries.items() if entry not in astray}
    return Mapping(entries, tree.span)


def _read(key: str, value: Tree, reader: Reader) -> Any:
    read = _READERS.get(key)
    return read(value, reader) if read else None


def _read_locale(value: Tree, reader: Reader) -> str | None:
    text = reader.text(value, say("a language, such as en or ru"))
    parts = text.replace("_", "-").split("-") if text else []
    if text and not (2 <= len(parts[0]) <= 3 and all(part.isascii() and part.isalnum() for part in parts)):
        reader.wrong(value, say("a language, such as en, ru or en-GB"))
        return None
    return text


def _read_mail(value: Tree, reader: Reader) -> dict[str, str]:
    read = {entry.key: _MAIL[entry.key](entry.value, reader) for entry in reader.entries(value, MAIL_KEYS, "mail")}
    return {key: text for key, text in read.items() if text}


def _read_bare_address(value: Tree, reader: Reader) -> str | None:
    text = reader.address(value)
    if text is not None and not re.fullmatch(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9.-]+", text):
        reader.wrong(value, say("a mail address without a name"))
        return None
    return text


def _read_bounces(value: Tree, reader: Reader) -> str | None:
    text = _read_bare_address(value, reader)
    if text is not None and ("+" in text or len(text.partition("@")[0]) > LONGEST_LOCAL):
        reader.wrong(value, say("a mail address with at most {n} characters before the @, and no +", n=LONGEST_LOCAL))
        return None
    return text


def _read_colour(value: Tree, reader: Reader) -> str | None:
    text = reader.text(value, say("a colour, such as #1f6f5c"))
    if text is None or re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text
    reader.wrong(value, say("a colour, such as #1f6f5c"), notes=[say("in quotes: # begins a comment in YAML")])
    return None


def _read_site(value: Tree, reader: Reader) -> str | None:
    text = reader.text(value, say("an address, such as https://shop.example"))
    if text is None or re.fullmatch(r"https?://[^\s\"'<>]+\.[^\s\"'<>]+", text):
        return text
    reader.wrong(value, say("an address, such as https://shop.example"))
    return None


_MAIL: dict[str, Callable[[Tree, Reader], str | None]] = {
    "from": lambda value, reader: reader.address(value),
    "reply_to": lambda value, reader: reader.address(value),
    "unsubscribe": lambda value, reader: _read_bare_address(value, reader),
    "bounces": lambda value, reader: _read_bounces(value, reader),
    "accent": _read_colour,
    "site": _read_site,
    "logo": _read_site,
    "address": lambda value, reader: reader.text(value, say("a postal address")),
}


def _read_topics(value: Tree, reader: Reader) -> dict[str, str | dict[str, str]]:
    """A list of names, or names with what a customer reads for them."""
    if isinstance(value, Items):
        topics: dict[str, str | dict[str, str]] = {
            text: text for text, _ in reader.texts(value, say("the name of a topic"))
        }
    else:
        mapping = reader.mapping(value, "topics")
        entries = mapping.entries.values() if mapping else ()
        topics = {entry.key: read_topic_title(entry, reader) or entry.key for entry in entries}
    for name in [name for name in topics if not is_name(name)]:
        reader.problems.error(
            "E516", say('"{name}" cannot name a topic', name=name), Label(value.span, say("letters, digits and _"))
        )
        del topics[name]
    return topics


def _read_unknown_window(value: Tree, reader: Reader) -> dict[str, str]:
    entries = reader.entries(value, CLASSES, "unknown_window")
    policies = {entry.key: reader.choice(entry.value, POLICIES) for entry in entries}
    return {name: policy for name, policy in policies.items() if policy}


#: What each key holds; `language` and `caps` are read by themselves.
_READERS: dict[str, Callable[[Tree, Reader], Any]] = {
    "name": lambda value, reader: reader.text(value),
    "timezone": lambda value, reader: reader.zone(value),
    "currency": lambda value, reader: reader.currency(value),
    "locale": _read_locale,
    "mail": _read_mail,
    "topics": _read_topics,
    "consent": lambda value, reader: reader.choice(value, CONSENTS),
    "unknown_window": _read_unknown_window,
    "double_opt_in": read_confirmations,
    "promos": read_promos,
    "webhooks": read_webhooks,
    "staff": read_staff,
    "providers": read_providers,
    "repeats": read_repeats,
    "dkim": read_dkim,
    "sunset": read_sunset,
    "late_after": lambda value, reader: reader.length(value),
    "leap_day": lambda value, reader: reader.choice(value, LEAP_DAYS),
    "quiet_hours": lambda value, reader: read_quiet_hours(hours_of(value, reader), reader),
    "channels": read_channels,
    "tracking": read_tracking,
    "callbacks": read_callbacks,
}
