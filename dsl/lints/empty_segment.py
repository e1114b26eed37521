"""W525: a condition on a segment in which there is nobody."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type


def lint_empty_segment(rule: CheckedRule, around: Around) -> None:
    sizes = around.observed.segments if around.observed else {}
    names = [node.group for node in of_type(rule.nodes, syntax.OneOf) if isinstance(node.group, syntax.Name)]
    names += [node.segment for node in of_type(rule.nodes, syntax.SegmentTrigger)]
    for name in names:
        if sizes.get(name.text) == 0:
            rule.scope.problems.warn(
                "W525",
                say("there is nobody in the segment {name}", name=name.text),
                Label(name.span, say("0 customers today")),
                notes=[say("look at its definition: which part of it does nobody meet?")],
            )
