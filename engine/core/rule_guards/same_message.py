"""One customer gets the same template on the same channel at most once a minute, whatever rules say (S24). A service
message about another thing is another message: three orders, three receipts (docs/decisions/0021)."""

from __future__ import annotations

from datetime import timedelta

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.model import Run
from engine.core.reasons.of_runs import SAME_MESSAGE
from engine.core.rule_guards.refusal import Refusal
from engine.core.runs.draft import Draft

_WINDOW = timedelta(minutes=1)


def same_message(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    newest = draft.last_messages.get(message_key(run, code.rule))
    if newest is None or draft.now - newest >= _WINDOW:
        return None
    return Refusal(reason=SAME_MESSAGE.recorded, line=step.line, ends=False)


def message_key(run: Run, rule: plan.Rule) -> str:
    """Of the message that the run is about to send."""
    channel, template = run.ways[0]
    return said_as(channel, template, about=run.key if rule.transactional else "")


def said_as(channel: str, template: str, *, about: str) -> str:
    """`about`: the run's key for a service message, else empty. `recent_templates` says the same in SQL."""
    return f"{channel}/{template}#{about}" if about else f"{channel}/{template}"
