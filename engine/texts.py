"""The texts and policies of published rule sets, ready to send with."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dsl.codec import UnreadablePlan, require_readable
from engine.core.delivery.limits import Policy
from engine.core.delivery.sparing import Sparing
from engine.errors import RuleSetUnreadable
from engine.public_holidays import known_places
from engine.rendering.email import MailTemplates
from engine.rendering.sources import Sources
from engine.storage.database import Connection
from engine.storage.rules.published import RuleSet, load_rule_set
from engine.tracking.policy import Tracking

_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTexts:
    """What delivery needs of one rule set."""

    rule_set: int
    unreadable: UnreadablePlan | None = None  # it is a newer version's: this one would not keep to its limits
    mails: MailTemplates
    rules: frozenset[str]  # names of the rules that are on
    timezone: str
    currency: str | None
    settings: Mapping[str, Any]  # of kogda.yaml
    policy: Policy = field(default_factory=Policy)  # quiet hours and caps
    sparing: Sparing = field(default_factory=Sparing)
    sources: Sources = field(default_factory=dict)
    marketing: frozenset[str] = frozenset()  # templates of rules that need consent
    others: dict[str, MailTemplates] = field(default_factory=dict)  # of channels besides email, made at first use

    def require_readable(self) -> None:
        """Raises RuleSetUnreadable: whoever sends leaves that to workers of the newer version."""
        if self.unreadable is not None:
            raise RuleSetUnreadable(self.rule_set, self.unreadable)

    def templates(self, channel: str) -> MailTemplates:
        if channel == "email":
            return self.mails
        if channel not in self.others:
            self.others[channel] = MailTemplates(self.sources, channel)
        return self.others[channel]

    def unknown_window(self, *, transactional: bool) -> Literal["hold", "resend"]:
        """What to do with a message that may or may not have been taken: see docs/decisions/0011-hold-or-resend.md."""
        kind, default = ("transactional", "resend") if transactional else ("marketing", "hold")
        return "resend" if self.settings.get("unknown_window", {}).get(kind, default) == "resend" else "hold"

    @property
    def sees_reactions(self) -> bool:
        """Where nothing is tracked nobody seems to react."""
        tracking = Tracking.from_json(self.settings.get("tracking"))
        return tracking.opens or tracking.clicks

    @property
    def consent_policy(self) -> Literal["required", "unless_refused"]:
        return "required" if self.settings.get("consent") == "required" else "unless_refused"

    @property
    def confirmed(self) -> frozenset[str]:
        """Channels and topics with double opt-in."""
        return frozenset(self.settings.get("double_opt_in") or ())

    def mail_setting(self, key: Literal["from", "reply_to", "bounces"]) -> str | None:
        found = self.settings.get("mail", {}).get(key)
        return str(found) if found else None


class Texts:
    """By rule set. They are immutable, so what is cached is never stale."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, PublishedTexts] = OrderedDict()

    async def of(self, connection: Connection, rule_set: int) -> PublishedTexts:
        found = self._kept.get(rule_set)
        if found is None:
            found = _published(await load_rule_set(connection, rule_set))
            if found.sparing.holidays:
                await asyncio.to_thread(known_places)  # what takes a second, once, does not hold up the event loop
            self._kept[rule_set] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(rule_set)
        return found


def _published(stored: RuleSet) -> PublishedTexts:
    return PublishedTexts(
        rule_set=stored.id,
        unreadable=_what_is_unreadable(stored),
        mails=MailTemplates(stored.templates),
        rules=frozenset(rule["name"] for rule in stored.plan.get("rules", ())),
        timezone=stored.plan.get("timezone", "UTC"),
        currency=stored.plan.get("currency"),
        settings=stored.settings,
        policy=Policy.from_json(stored.plan),
        sparing=Sparing.from_json(stored.settings),
        sources=stored.templates,
        marketing=frozenset(
            template
            for rule in stored.plan.get("rules", ())
            if not rule.get("transactional")
            for template in _templates_in(rule)
        ),
    )


def _what_is_unreadable(stored: RuleSet) -> UnreadablePlan | None:
    try:
        require_readable(stored.plan)
    except UnreadablePlan as error:
        return error
    return None


def _templates_in(tree: Any) -> Iterator[str]:
    """All that a rule may send, wherever its steps say so."""
    if isinstance(tree, dict):
        if isinstance(found := tree.get("template"), str):
            yield found
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _templates_in(each)
