"""W560: a template that no rule sends."""

from __future__ import annotations

from dsl.compiling.double_opt_in import templates_of
from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say
from dsl.source import Span


def lint_unused_template(whole: Whole) -> None:
    if not whole.around.complete or not any(file.rules for file in whole.files):
        return
    used = {(sent.channel, sent.template) for rule in whole.rules() for sent in rule.sends}
    used |= {("email", name) for name in templates_of(whole.catalog).values()}
    for (channel, name), template in sorted(whole.catalog.templates.items()):
        if (channel, name) not in used and (None, name) not in used:
            whole.warn(
                "W560",
                say('no rule sends {channel} "{name}"', channel=channel, name=name),
                template.path,
                [Label(Span(0, 0), say("nobody gets this"))],
                notes=[say("send it in a rule, delete the file, or say in it: kogda: allow W560 until …")],
            )
