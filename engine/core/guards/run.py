"""A message whose reason is gone: its rule was switched off, or its run was stopped after the message was queued."""

from __future__ import annotations

from datetime import datetime

from engine.core.guards.facts import Block, MessageFacts

#: A run that sends its last message ends at once, so an end alone stops nothing: only these ends do.
STOPPED = ("stop when", "cancelled")


def check_run(facts: MessageFacts, _now: datetime) -> Block | None:
    if not facts.is_rule_on:
        return Block("the rule was switched off")
    if facts.run_end is not None and facts.run_end.startswith(STOPPED):
        return Block(facts.run_end)
    return None
