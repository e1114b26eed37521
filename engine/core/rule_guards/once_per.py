"""`once per …`: of two runs in flight the first to act wins, and the other ends (D12)."""

from __future__ import annotations

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.model import OnceMark, Properties, Run
from engine.core.reasons.of_runs import ONCE_PER
from engine.core.rule_guards.refusal import Refusal
from engine.core.runs.deeds import read_operand
from engine.core.runs.draft import Draft
from engine.core.values import key_text


def once_per(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    if not is_taken(draft, code, run.event, but=run):
        return None
    return Refusal(reason=ONCE_PER.recorded, line=step.line, ends=True)


def is_taken(draft: Draft, code: RuleCode, event: Properties, *, but: Run | None = None) -> bool:
    """Whether another run has acted within the window, for the same customer and key."""
    once = code.rule.once
    if once is None:
        return False
    mark = draft.once.get((code.rule.name, _key(once, event)))
    if mark is None or (but is not None and mark.run == but.id):
        return False
    return once.window is None or draft.now < calendar.add(mark.at, once.window, draft.zone_of(code))


def reserve_once(draft: Draft, code: RuleCode, run: Run) -> None:
    """The first act of a run counts; its later ones do not move the mark."""
    if code.rule.once is None:
        return
    key = _key(code.rule.once, run.event)
    mark = draft.once.get((code.rule.name, key))
    if mark is None or mark.run != run.id:
        draft.reserve(OnceMark(rule=code.rule.name, key=key, run=run.id, at=draft.now))


def release_once(draft: Draft, code: RuleCode, run: Run) -> None:
    """Nothing was sent after all: the reservation of the run is taken back."""
    if code.rule.once is None:
        return
    mark = draft.once.get((code.rule.name, _key(code.rule.once, run.event)))
    if mark is not None and mark.run == run.id:
        draft.release(mark)


def _key(once: plan.OncePer, event: Properties) -> str:
    return key_text(read_operand(once.key, event, {})) if once.key is not None else ""
