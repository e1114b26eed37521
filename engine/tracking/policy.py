"""What of a workspace's mails is tracked: `tracking:` in kogda.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

#: What gives a message the credit for a goal, the strongest first.
Touch: TypeAlias = Literal["clicked", "opened", "sent"]
TOUCHES: tuple[Touch, ...] = ("clicked", "opened", "sent")

UTM = ("source", "medium", "campaign", "content", "term")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """The defaults are those of a workspace that says nothing."""

    opens: bool = True
    clicks: bool = True
    text_links: bool = False  # those of the plain-text part, too
    short_links: bool = True  # those of an sms or a chat, too
    transactional: bool = False  # mails that are no marketing, too
    proxies: bool = False  # an open by a mail program's own proxy counts as one by a person
    utm: Mapping[str, str] = field(default_factory=dict)  # without `utm_`; {rule}, {template}, {topic} are filled in
    credit: tuple[Touch, ...] = TOUCHES  # what can earn the credit for a goal, in this order
    revenue: str | None = None  # the property of a goal's event that says what it was worth; None: it is guessed
    untracked: frozenset[str] = frozenset()  # topics

    def as_json(self) -> dict[str, Any]:
        return {
            "opens": self.opens,
            "clicks": self.clicks,
            "text_links": self.text_links,
            "short_links": self.short_links,
            "transactional": self.transactional,
            "proxies": self.proxies,
            "utm": dict(self.utm),
            "credit": list(self.credit),
            "revenue": self.revenue,
            "untracked": sorted(self.untracked),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any] | None) -> Tracking:
        """Of a published rule set, also of one that was published before there was tracking."""
        if not written:
            return _DEFAULT
        known = {name: written[name] for name in _FIELDS if name in written}
        return cls(
            **known,
            credit=tuple(touch for touch in TOUCHES if touch in written.get("credit", TOUCHES)),
            untracked=frozenset(written.get("untracked", ())),
        )

    def covers(self, *, transactional: bool, topic: str | None) -> bool:
        """Whether a message of this kind may be tracked at all."""
        if not (self.opens or self.clicks or self.utm):
            return False
        return (not transactional or self.transactional) and topic not in self.untracked


_FIELDS = ("opens", "clicks", "text_links", "short_links", "transactional", "proxies", "utm", "revenue")
_DEFAULT = Tracking()
