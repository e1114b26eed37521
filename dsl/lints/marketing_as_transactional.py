"""W507: a rule that calls itself a service message, and advertises."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.source import Span
from dsl.walk import of_type

UNASKED = (syntax.ScheduleTrigger, syntax.InactivityTrigger, syntax.SegmentTrigger)


def lint_marketing_as_transactional(rule: CheckedRule, around: Around) -> None:
    transactional = next((each for each in rule.node.clauses if isinstance(each, syntax.Transactional)), None)
    if not transactional:
        return
    sign = _sign_of_marketing(rule)
    if sign:
        span, why = sign
        rule.scope.problems.warn(
            "W507",
            say("this looks like marketing, and it skips consent and caps"),
            (Label(transactional.span, say("means: sent whatever the customer chose")), Label(span, why)),
            notes=[say("take out `transactional`, unless the law or the contract asks for this message")],
        )


def _sign_of_marketing(rule: CheckedRule) -> tuple[Span, str] | None:
    if isinstance(rule.node.trigger, UNASKED):
        return rule.node.trigger.span, say("the customer did nothing that this answers")
    for promo in of_type(rule.nodes, syntax.IssuePromo):
        return promo.span, say("a promo code is an offer")
    for send in of_type(rule.nodes, syntax.Send):
        for pair in send.variables:
            if isinstance(pair.value, syntax.Percent) or pair.name.text in ("discount", "promo", "coupon"):
                return pair.span, say("a discount is an offer")
    return None
