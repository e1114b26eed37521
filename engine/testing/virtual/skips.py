"""Messages that a rule wanted to send and did not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from engine.core.effects import Note
from engine.core.reasons import forms_of
from engine.testing.virtual.timeline import SentMessage
from engine.testing.virtual.world import World

_SKIPPED = re.compile(r'(\w+) "([^"]*)": (.*)', re.DOTALL)


#: States of a message that nobody got.
NOT_SENT = frozenset({"suppressed", "failed", "withdrawn", "postponed"})


class SkipSaid(NamedTuple):
    channel: str
    template: str
    reason: str


def read_skip(detail: str) -> SkipSaid | None:
    """What a note of the kind `skipped` says."""
    said = _SKIPPED.fullmatch(detail)
    return SkipSaid(said[1], said[2], said[3]) if said else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    at: datetime
    customer: str
    channel: str
    template: str
    reason: str
    rule: str


def skips_of(world: World) -> Iterator[Skip]:
    """By rules, by the guards of delivery and by providers, in the order of time."""
    for entry in world.timeline:
        about = entry.about
        if isinstance(about, SentMessage) and about.state in NOT_SENT:
            yield Skip(
                at=entry.at,
                customer=entry.customer,
                channel=about.channel,
                template=about.template,
                reason=about.reason or about.state,
                rule=entry.rule,
            )
        elif isinstance(about, Note) and about.what == "skipped" and (said := read_skip(about.detail)) is not None:
            yield Skip(
                at=entry.at,
                customer=entry.customer,
                channel=said.channel,
                template=said.template,
                reason=said.reason,
                rule=entry.rule,
            )


def is_because(actual: str, written: str) -> bool:
    """`no consent` is enough for `no consent: email refused`, and what stands after the colon, too; or in Russian."""
    said = written.casefold().strip()
    return any(said == form or said in _parts(form) for form in map(str.casefold, forms_of(actual)))


def _parts(reason: str) -> list[str]:
    return [part.strip() for part in reason.split(":", 1)]
