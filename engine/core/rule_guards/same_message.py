"""One customer gets the same template on the same channel at most once a minute, whatever rules say (S24)."""

from __future__ import annotations

from datetime import timedelta

from dsl import plan
from engine.core.draft import Draft
from engine.core.model import Run
from engine.core.program import RuleCode
from engine.core.rule_guards.refusal import Refusal

REASON = "the same message within a minute"
_WINDOW = timedelta(minutes=1)


def same_message(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    newest = draft.last_messages.get(message_key(run))
    if newest is None or draft.now - newest >= _WINDOW:
        return None
    return Refusal(reason=REASON, line=step.line, ends=False)


def message_key(run: Run) -> str:
    """Of the message that the run is about to send."""
    return "/".join(run.ways[0])
