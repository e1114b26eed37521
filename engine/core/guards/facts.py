"""What the guards of a message look at, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Block:
    """Why a message may not go out now. It is suppressed for good, unless `retry_at` says when to ask again."""

    reason: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """Of one message, its customer and its rule, as they are now."""

    channel: str
    address: str | None  # where it would go; None: the customer has none for this channel
    transactional: bool
    topic: str | None = None  # of its template
    consent: Mapping[str, bool] = field(default_factory=dict)  # by channel and topic; absent: never asked
    consent_policy: Literal["required", "unless_refused"] = "unless_refused"
    suppressed: str | None = None  # why the address must not be contacted
    is_rule_on: bool = True  # the live rule set still has the rule
    run_end: str | None = None  # why its run has ended; None: it goes on
