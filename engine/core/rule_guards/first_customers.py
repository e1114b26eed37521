"""`only first 50 customers`: a place for each customer, exact over all workers (D14).

A place is a mark like those of `once per`, under a key that no value has: it is reserved, given back and merged as they
are. How many are taken is among the facts, and stays true until the batch is written.
"""

from __future__ import annotations

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.model import PLACE, OnceMark, Run
from engine.core.reasons.of_runs import ONLY_FIRST
from engine.core.rule_guards.refusal import Refusal
from engine.core.runs.draft import Draft


def first_customers(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Refusal | None:
    return Refusal(reason=reason_of(code), line=step.line, ends=True) if is_full(draft, code) else None


def reason_of(code: RuleCode) -> str:
    return ONLY_FIRST.of(n=code.rule.first_customers)


def is_full(draft: Draft, code: RuleCode) -> bool:
    """No place is left, and this customer has none."""
    limit = code.rule.first_customers
    if limit is None or (code.rule.name, PLACE) in draft.once:
        return False
    return draft.facts.places.get(code.rule.name, 0) >= limit


def take_place(draft: Draft, code: RuleCode, run: Run) -> None:
    if code.rule.first_customers is not None and (code.rule.name, PLACE) not in draft.once:
        draft.reserve(OnceMark(rule=code.rule.name, key=PLACE, run=run.id, at=draft.now))


def give_back_place(draft: Draft, code: RuleCode, run: Run) -> None:
    """Nothing was sent after all: the place is free again, if it was taken for this run."""
    mark = draft.once.get((code.rule.name, PLACE))
    if mark is not None and mark.run == run.id:
        draft.release(mark)
