"""`only if` and `unless` of the rule, again before every send, on fresh data (S2)."""

from __future__ import annotations

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.model import Run
from engine.core.rule_guards.refusal import Refusal
from engine.core.runs.draft import Draft


def rule_conditions(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    for guard in code.guards:
        if not guard.holds(run.event, draft.attributes, draft.scope_of(run)):
            return Refusal(reason=guard.text, line=guard.line, ends=True)
    return None
