"""The step `send`: the guards of the rule, then a message on the first of its ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsl import plan
from dsl.plan import JSON
from engine.core.conditions.program import RuleCode
from engine.core.delivery.limits import Limits, may_be_postponed
from engine.core.delivery.ways import has_other_way, message_id, ways_of
from engine.core.effects import NewMessage
from engine.core.model import Run
from engine.core.rule_guards import RULE_GUARDS
from engine.core.rule_guards.reservations import are_held, reserve
from engine.core.rule_guards.same_message import message_key
from engine.core.runs.deeds import forgotten, read_operand
from engine.core.runs.draft import Draft
from engine.core.runs.promo import promo_of


def send(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> Run:
    """Also again: on the next way, or after a message was put off."""
    run = run if run.ways else run.but(ways=ways_of(draft, run, step))
    for guard in RULE_GUARDS:
        refusal = guard(draft, code, run, step)
        if refusal is None:
            continue
        if refusal.ends:
            return draft.end(run, refusal.reason, line=refusal.line)
        draft.note(run, "skipped", f"{named(run)}: {refusal.reason}", line=step.line)
        return past_send(run, step=run.step + 1)
    reserve(draft, code, run)
    draft.last_messages = {**draft.last_messages, message_key(run, code.rule): draft.now}
    draft.messages += (_message(draft, code, run, step),)
    following, messages = run.step + 1, run.messages + 1
    if _waits(draft, code, run):
        return run.but(step=following, messages=messages, state="sending")
    return past_send(run, step=following, messages=messages)


def named(run: Run) -> str:
    """`email "cart"`: what is sent now."""
    channel, template = run.ways[0]
    return f'{channel} "{template}"'


def past_send(run: Run, **more: Any) -> Run:
    return run.but(state="waiting", wake_at=None, since=None, ways=(), said=0, **more)


def _waits(draft: Draft, code: RuleCode, run: Run) -> bool:
    """Parked also at the end when a stop may still overtake the hand-over (a provider may put it off for days), when
    `once per` must hear whether anything was sent at all, when another way could follow, or when the rule would be
    asked again after quiet hours."""
    if run.step not in code.last_sends or has_other_way(run) or (are_held(code) and run.sent == 0):
        return True
    return may_be_postponed(code.limits, draft.live.policy, transactional=code.rule.transactional)


def limits_of_send(code: RuleCode, step: plan.Send, *, has_more: bool) -> Limits:
    """`has_more`: another way is left."""
    if not (step.fallbacks or step.best_of):
        return code.limits
    return replace(code.limits, has_other_way=has_more, has_several=True)


def _message(draft: Draft, code: RuleCode, run: Run, step: plan.Send) -> NewMessage:
    recall = draft.recall(run) if step.variables else forgotten
    variables: dict[str, JSON] = {
        name: read_operand(operand, run.event, draft.attributes, recall) for name, operand in step.variables
    }
    channel, template = run.ways[0]
    return NewMessage(
        id=message_id(run, run.step),
        customer=run.customer,
        run=run.id,
        rule=run.rule,
        rule_set=run.rule_set,
        step=run.step,
        channel=channel,
        template=template,
        context={"event": run.event, "with": variables, **promo_of(run)},
        transactional=code.rule.transactional,
        due_at=draft.now,
        limits=limits_of_send(code, step, has_more=has_other_way(run)),
    )
