"""A message whose reason is gone: its rule was switched off, or its run was stopped after the message was queued."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts
from engine.core.reasons import read_reason
from engine.core.reasons.of_guards import RULE_IS_OFF
from engine.core.reasons.of_runs import CANCELLED, CANCELLED_BY, STOP_WHEN

#: A run that sends its last message ends at once, so an end alone stops nothing: only these ends do.
STOPPED = (STOP_WHEN, CANCELLED_BY, CANCELLED)


def check_run(facts: MessageFacts, _now: datetime) -> Block | None:
    if not facts.is_rule_on:
        return Block(RULE_IS_OFF.recorded)
    end = read_reason(facts.run_end) if facts.run_end is not None else None
    return Block(facts.run_end) if facts.run_end and end is not None and end.kind in STOPPED else None
