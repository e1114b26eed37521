"""What a verdict on a message means for its run: it goes on, waits, asks again, or tries another way."""

from __future__ import annotations

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.delivery.ways import MOST_SAID, VERDICT, has_other_way, message_id
from engine.core.model import Event, Outcome, Run
from engine.core.reasons.of_delivery import ANOTHER_WAY
from engine.core.reasons.of_runs import PUT_OFF_TOO_OFTEN
from engine.core.rule_guards.reservations import release
from engine.core.runs.draft import Draft
from engine.core.runs.sending import named, past_send
from engine.core.runs.stepping import proceed


def settle(draft: Draft, outcome: Outcome) -> None:
    """A message has its verdict: the run that waited for it goes on from that moment (S18)."""
    run = draft.runs.get(outcome.run)
    if run is None:
        return
    with draft.attempt(run.rule, run.rule_set, run=run.id):
        code = draft.code_of(run)
        is_awaited = run.state == "sending" and outcome.message == message_id(run, run.step - 1)
        if outcome.state in ("sent", "unknown"):
            run = run.but(sent=run.sent + 1)
        elif _was_for_nothing(run, outcome, is_awaited=is_awaited):
            release(draft, code, run)
        if is_awaited:
            _go_on(draft, code, run, outcome)
        else:
            draft.put(run)


def _was_for_nothing(run: Run, outcome: Outcome, *, is_awaited: bool) -> bool:
    """Nothing was sent, and nothing follows; what a restarted run says now counts for it."""
    if run.sent > 0 or (run.state == "sending" and not is_awaited):
        return False
    return not (is_awaited and outcome.undeliverable and has_other_way(run))


def _go_on(draft: Draft, code: RuleCode, run: Run, outcome: Outcome) -> None:
    if outcome.state == "postponed" and run.said < MOST_SAID:
        _postpone(draft, code, run, outcome)
    elif outcome.undeliverable and has_other_way(run):
        _try_next(draft, code, run, outcome)
    elif outcome.state in ("sent", "unknown") and has_other_way(run):
        draft.put(run.but(wake_at=outcome.at + VERDICT, since=outcome.at))
    else:
        if outcome.state == "postponed":
            _note_skipped(draft, code, run, PUT_OFF_TOO_OFTEN.recorded)
        proceed(draft, code, past_send(run), outcome.at)


def _postpone(draft: Draft, code: RuleCode, run: Run, outcome: Outcome) -> None:
    """Back to before the send: at that time the rule is asked again, on fresh data (S2, S18)."""
    until = outcome.until or draft.now
    draft.note(run, "waits", f"until {until.isoformat()}: {outcome.reason}", line=_line_of_send(code, run))
    draft.put(
        run.but(
            state="waiting",
            step=run.step - 1,
            wake_at=until,
            since=None,
            said=run.said + 1,
            messages=run.messages - 1,
        )
    )


def _try_next(draft: Draft, code: RuleCode, run: Run, why: Outcome | Event) -> None:
    reason = why.reason or why.state if isinstance(why, Outcome) else why.name
    _note_skipped(draft, code, run, ANOTHER_WAY.of(why=reason))
    again = run.but(state="waiting", step=run.step - 1, wake_at=None, since=None, ways=run.ways[1:], said=run.said + 1)
    proceed(draft, code, again, why.at)


def _note_skipped(draft: Draft, code: RuleCode, run: Run, reason: str) -> None:
    draft.note(run, "skipped", f"{named(run)}: {reason}", line=_line_of_send(code, run))


def _line_of_send(code: RuleCode, run: Run) -> int:
    """Of the step whose message the run waits for: it stands behind it already."""
    step = code.rule.steps[run.step - 1]
    assert isinstance(step, plan.Send)
    return step.line


def hear_bounce(draft: Draft, run: Run, event: Event) -> None:
    """What was taken by a provider has come back: the next way follows, if it is not too late (S19)."""
    code = draft.code_of(run)
    was_reported = run.wake_at is not None
    _try_next(draft, code, run.but(sent=run.sent - 1) if was_reported else run, event)
