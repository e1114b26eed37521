"""Messages that a rule wanted to send and did not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.core.effects import Note
from engine.core.told_reasons import forms_of
from engine.testing.timeline import SentMessage
from engine.testing.world import World

_SKIPPED = re.compile(r'(\w+) "([^"]*)": (.*)', re.DOTALL)


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
        if isinstance(about, SentMessage) and about.state in ("suppressed", "failed", "withdrawn", "postponed"):
            yield Skip(
                at=entry.at,
                customer=entry.customer,
                channel=about.channel,
                template=about.template,
                reason=about.reason or about.state,
                rule=entry.rule,
            )
        elif isinstance(about, Note) and about.what == "skipped" and (said := _SKIPPED.fullmatch(about.detail)):
            yield Skip(
                at=entry.at,
                customer=entry.customer,
                channel=said[1],
                template=said[2],
                reason=said[3],
                rule=entry.rule,
            )


def is_because(actual: str, written: str) -> bool:
    """`no consent` is enough for `no consent: email refused`, and what stands after the colon, too; or in Russian."""
    said = written.casefold().strip()
    return any(said == form or said in _parts(form) for form in map(str.casefold, forms_of(actual)))


def _parts(reason: str) -> list[str]:
    return [part.strip() for part in reason.split(":", 1)]
