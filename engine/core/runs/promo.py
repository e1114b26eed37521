"""`issue promo "BACK10" valid 7 days`: a code of the pool for one customer and step.

The core draws nothing: it takes the codes that the facts hold for it, in their order. When they are too few it says how
many it is short of, and goes on as if the pool were dry; who called it fetches more and asks again, until it has what
it wants or nothing is left. So a code is held only for whom it is issued to, and the decision stays a pure function.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from dsl import plan
from dsl.plan import JSON
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.effects import PromoIssue
from engine.core.model import PromoCode, Run
from engine.core.runs.draft import Draft


def issue_code(draft: Draft, code: RuleCode, run: Run, step: plan.IssuePromo) -> Run:
    """The run after the step. A run that began anew gets the code again that it got before, with a new end."""
    place, pool_ends = str(run.step), _end_of_day(step.until, code)
    kept = _kept(run, step, draft.now)
    taken = kept or (_take(draft, step.pool) if pool_ends is None or pool_ends > draft.now else None)
    if taken is None:
        draft.note(run, "issued", f'no code: "{step.pool}" is dry', line=step.line)
        return run.but(
            step=run.step + 1, issue=run.step, promos={at: each for at, each in run.promos.items() if at != place}
        )
    valid = calendar.add(draft.now, step.valid, draft.zone_of(code)) if step.valid else None
    expires = min([at for at in (valid, pool_ends, taken.until) if at is not None], default=None)
    draft.note(run, "issued", f'{taken.code} of "{step.pool}"', line=step.line)
    draft.issued += (
        PromoIssue(
            pool=step.pool,
            code=taken.code,
            run=run.id,
            rule=run.rule,
            step=run.step,
            at=draft.now,
            expires_at=expires,
        ),
    )
    return run.but(step=run.step + 1, issue=run.step, promos={**run.promos, place: _written(taken, step, expires)})


def promo_of(run: Run) -> dict[str, JSON]:
    """What a template sees as `promo`: the code of the nearest `issue promo`."""
    found = run.promos.get(str(run.issue))
    if found is None:
        return {}
    return {"promo": {name: found[name] for name in ("code", "expires", "discount") if name in found}}


def _take(draft: Draft, pool: str) -> PromoCode | None:
    held = [each for each in draft.codes.get(pool, ()) if each.until is None or each.until > draft.now]
    if not held:
        draft.short_of = {**draft.short_of, pool: draft.short_of.get(pool, 0) + 1}
        return None
    draft.codes = {**draft.codes, pool: tuple(held[1:])}
    return held[0]


def _kept(run: Run, step: plan.IssuePromo, now: datetime) -> PromoCode | None:
    """What the step gave before the run began anew, if it is still of use."""
    found = run.promos.get(str(run.step))
    if found is None or found.get("pool") != step.pool:
        return None
    until = found.get("until")
    ends = datetime.fromisoformat(until) if isinstance(until, str) else None
    return PromoCode(code=str(found["code"]), until=ends) if ends is None or ends > now else None


def _written(taken: PromoCode, step: plan.IssuePromo, expires: datetime | None) -> dict[str, JSON]:
    known: dict[str, JSON] = {
        "code": taken.code,
        "pool": step.pool,
        "discount": step.discount,
        "expires": expires.isoformat() if expires else None,
        "until": taken.until.isoformat() if taken.until else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _end_of_day(day: str | None, code: RuleCode) -> datetime | None:
    """Both ends of such a time belong to it (D16), in the workspace's zone."""
    if day is None:
        return None
    after = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time())
    return calendar.resolve(after, code.workspace_zone)
