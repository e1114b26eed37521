"""Who asked: a person, a mail program's proxy, a filter in front of the mailbox, or some other program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from engine.tracking.agents import APPLE_PRIVACY, BOTS, PROXIES, SCANNERS

HitClass: TypeAlias = Literal["person", "proxy", "scanner", "bot"]
HitKind: TypeAlias = Literal["opened", "clicked"]

#: Nobody reads a mail and follows a link this soon after it was handed over.
TOO_SOON = timedelta(seconds=3)
#: While a mail is new, filters look at it: who follows several of its links at once then is one of them.
JUST_SENT = timedelta(minutes=10)
#: Links that are followed within this time of each other are followed at once.
AT_ONCE = timedelta(seconds=4)

#: Headers that are kept of a hit, because they are judged.
HEADERS = ("user-agent", "accept-language", "purpose", "sec-purpose", "x-purpose", "x-moz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One request for a link or a picture of a mail."""

    kind: HitKind
    at: datetime
    method: str = "GET"
    headers: Mapping[str, str] | None = None  # those of HEADERS that were sent, by lower-case name
    link: int | None = None
    links: int | None = None  # how many different ones the mail has


def class_of(hit: Hit, sent_at: datetime | None, others: Sequence[Hit]) -> HitClass:
    """`others`: the clicks of the same mail around it, itself included or not. None: it is not known when it was
    sent, so time says nothing."""
    headers = hit.headers or {}
    agent = headers.get("user-agent", "").strip()
    if hit.method != "GET" or _is_prefetched(headers):
        return "scanner" if SCANNERS.search(agent) else "bot"
    if SCANNERS.search(agent):
        return "scanner"
    if hit.kind == "opened" and (PROXIES.search(agent) or APPLE_PRIVACY.fullmatch(agent)):
        return "proxy"
    if not agent or BOTS.search(agent):
        return "bot"
    if hit.kind == "clicked" and (APPLE_PRIVACY.fullmatch(agent) or _is_machine_like(hit, sent_at, others)):
        return "scanner"
    return "person"


def _is_prefetched(headers: Mapping[str, str]) -> bool:
    said = " ".join(headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz")).lower()
    return "prefetch" in said or "preview" in said


def _is_machine_like(hit: Hit, sent_at: datetime | None, others: Sequence[Hit]) -> bool:
    """Faster than anybody reads, or at several places at once."""
    if sent_at is None:
        return False
    age = hit.at - sent_at
    if age < TOO_SOON:
        return True
    at_once = {each.link for each in (*others, hit) if each.kind == "clicked" and abs(each.at - hit.at) <= AT_ONCE}
    if age < JUST_SENT:
        return len(at_once) >= 2
    # Later a filter that looks again takes all links; a person in a hurry opens some.
    return len(at_once) >= 3 and len(at_once) == hit.links
