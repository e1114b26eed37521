"""W563: a marketing mail without a link to unsubscribe."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say
from dsl.source import Span


def lint_no_unsubscribe_link(whole: Whole) -> None:
    marketing = {
        sent.template: rule.name
        for rule in whole.rules()
        if not rule.transactional
        for sent in rule.sends
        if sent.channel in ("email", None)
    }
    for (channel, name), template in sorted(whole.catalog.templates.items()):
        if channel == "email" and name in marketing and not template.lets_unsubscribe:
            whole.warn(
                "W563",
                say("this mail does not say how to unsubscribe"),
                template.path,
                [Label(Span(0, 0), say('rule "{rule}" sends it as marketing', rule=marketing[name]))],
                notes=[
                    say('<a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a>, best in the layout of all mails'),
                    say("or the rule is `transactional`: the customer waits for this message"),
                ],
            )
