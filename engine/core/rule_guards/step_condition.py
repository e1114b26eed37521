"""`send … unless order_placed`: skips this send, and the run goes on."""

from __future__ import annotations

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.model import Run
from engine.core.reasons.of_runs import SEND_UNLESS
from engine.core.rule_guards.refusal import Refusal
from engine.core.runs.draft import Draft


def step_condition(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    test = code.tests.get(run.step)
    if test is None or not test(run.event, draft.attributes, draft.scope_of(run)):
        return None
    return Refusal(reason=SEND_UNLESS.recorded, line=step.line, ends=False)
