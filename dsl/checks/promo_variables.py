"""Whether a template that reads `promo` gets a code."""

from __future__ import annotations

from dsl import syntax
from dsl.catalog import TemplateInfo, TemplateUse
from dsl.checks.known_values import PROMO
from dsl.checks.missing_variables import as_read, place_of
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Edit, Fix, Label
from dsl.example_words import language_of_fixes
from dsl.messages import say
from dsl.problems import listed
from dsl.source import Span
from dsl.suggestions import nearest

#: Among what is known: an `issue promo` stands above, and nobody has asked whether it found a code.
ASKED = "promo?"
#: What templates can read of a code.
PARTS = ("code", "expires", "discount")


def check_promo_use(
    use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, known: frozenset[str]
) -> None:
    span, problems = send.first.template.span, rule.scope.problems
    place, read = place_of(use, template), as_read(use)
    pools = list(rule.scope.catalog.pools)[:2]
    part = use.path[1] if len(use.path) > 1 else PARTS[0]
    if part not in PARTS:
        near = nearest(part, PARTS)
        problems.error(
            "E214",
            say(
                'template "{template}" reads {word}, and a promo code has no such part',
                template=template.name,
                word=read,
            ),
            Label(span, say("read in {place}", place=place)),
            notes=[say("did you mean promo.{near}?", near=near[0])]
            if near
            else [say("there are: {all}", all=listed([f"promo.{each}" for each in PARTS]))],
        )
    elif use.has_default:
        return
    elif PROMO not in known and ASKED not in known:
        problems.error(
            "E214",
            say('nobody gives "{all}" to template "{template}"', all=".".join(use.path), template=template.name),
            Label(span, say("{place} reads {word}", place=place, word=read)),
            notes=[] if pools else [say('put `issue promo "POOL"` before this send')],
            fixes=[_issue(send, pool, rule) for pool in pools],
        )
    elif PROMO not in known:
        problems.warn(
            "W541",
            say('rule "{rule}" would send an empty {word}', rule=rule.name, word=read),
            Label(span, say("{place} reads it, and {reason}", place=place, reason=say("the pool may run dry"))),
            notes=[say("in the rule: if issued then … else … end")],
        )


def _issue(send: syntax.Send, pool: str, rule: CheckedRule) -> Fix:
    here, step = Span(send.span.start, send.span.start), say('issue promo "{pool}"', pool=pool)
    return Fix(step, (Edit(here, f"{step.text(language_of_fixes(rule.scope.source.text))} "),))
