"""W561: fewer promo codes than the rules will give out in a month."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.around import Observed
from dsl.diagnostics import Label
from dsl.lints.outline import RuleOutline, Word
from dsl.lints.workspace import Whole
from dsl.messages import say


def lint_small_promo_pool(whole: Whole) -> None:
    observed = whole.around.observed
    if not observed or not observed.promo_codes:
        return
    needed: dict[str, int] = {}
    for rule, pool in _issues(whole):
        needed[pool.text] = needed.get(pool.text, 0) + _starts(rule, observed)
    for rule, pool in _issues(whole):
        left = observed.promo_codes.get(pool.text)
        want = needed.pop(pool.text, 0)
        if left is not None and want > left:
            whole.warn(
                "W561",
                say('the promo codes "{pool}" will run out', pool=pool.text),
                rule.path,
                [Label(pool.span, say("{left} codes left", left=f"{left:,}"))],
                notes=[
                    say("last {days} days: {want} runs would have taken one", days=observed.days, want=f"{want:,}"),
                    say("import more, or ask `if issued` and say something else without a code"),
                ],
            )


def _issues(whole: Whole) -> Iterator[tuple[RuleOutline, Word]]:
    return ((rule, pool) for rule in whole.rules() for pool in rule.pools)


def _starts(rule: RuleOutline, observed: Observed) -> int:
    """At most: nothing is known of the conditions. One per customer where the rule says `once per`."""
    counted = observed.doers if rule.once else observed.events
    return sum(counted.get(event, 0) for event in rule.events)
