"""What a run reserves with its first act, and gives back when nothing was sent: `once per`, and its place."""

from __future__ import annotations

from engine.core.conditions.program import RuleCode
from engine.core.model import Properties, Run
from engine.core.reasons.of_runs import ONCE_PER
from engine.core.rule_guards.first_customers import give_back_place, is_full, reason_of, take_place
from engine.core.rule_guards.once_per import is_taken, release_once, reserve_once
from engine.core.runs.draft import Draft


def refusal_of(draft: Draft, code: RuleCode, event: Properties, *, but: Run | None = None) -> str | None:
    """Why a run may not act, or not even begin."""
    if is_taken(draft, code, event, but=but):
        return ONCE_PER.recorded
    return reason_of(code) if is_full(draft, code) else None


def reserve(draft: Draft, code: RuleCode, run: Run) -> None:
    reserve_once(draft, code, run)
    take_place(draft, code, run)


def release(draft: Draft, code: RuleCode, run: Run) -> None:
    release_once(draft, code, run)
    give_back_place(draft, code, run)


def are_held(code: RuleCode) -> bool:
    """Whether the rule reserves anything, so that it must hear whether a message was sent."""
    return code.rule.once is not None or code.rule.first_customers is not None
