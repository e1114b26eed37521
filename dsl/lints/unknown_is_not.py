"""W540: `is not` is also true for everybody of whom nothing is known (S16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dsl import syntax
from dsl.around import Around
from dsl.checks.known_values import known_paths
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.lints.reading import kind_of
from dsl.messages import say
from dsl.walk import of_type


def lint_unknown_is_not(rule: CheckedRule, around: Around) -> None:
    guarded = {id(part) for both in of_type(rule.nodes, syntax.And) for part in _guarded(both, rule)}
    guarded |= {id(part) for either in of_type(rule.nodes, syntax.Or) for part in _said(either)}
    for node in of_type(rule.nodes, syntax.Comparison):
        if node.comparison != "is not" or id(node) in guarded or not isinstance(node.left, syntax.Path):
            continue
        kind = kind_of(node.left, rule.scope)
        if kind and kind.optional:
            rule.scope.problems.warn(
                "W540",
                say("`is not` also takes everybody of whom it is unknown"),
                Label(node.span, _share(node.left, around)),
                notes=[
                    say(
                        "to leave them out: {path} is known and {condition}",
                        path=node.left,
                        condition=rule.scope.source.slice(node.span),
                    ),
                    say(
                        "to keep them, and say so: ({path} is unknown or {condition})",
                        path=node.left,
                        condition=rule.scope.source.slice(node.span),
                    ),
                ],
            )


def _guarded(both: syntax.And, rule: CheckedRule) -> Iterator[syntax.Condition]:
    """Parts whose value is known wherever the other parts hold."""
    known = [known_paths(part, rule.scope) for part in both.operands]
    count = Counter(path for paths in known for path in paths)
    for part, own in zip(both.operands, known, strict=True):
        if isinstance(part, syntax.Comparison) and count[str(part.left)] > (str(part.left) in own):
            yield part


def _said(either: syntax.Or) -> Iterator[syntax.Condition]:
    """Parts beside one that takes the unknown in so many words."""
    unknown = {part.value for part in either.operands if isinstance(part, syntax.IsKnown) and not part.known}
    return (part for part in either.operands if isinstance(part, syntax.Comparison) and part.left in unknown)


def _share(path: syntax.Path, around: Around) -> str:
    attributes = around.observed.attributes if around.observed else {}
    share = attributes.get(path.parts[1].text) if path.root == "customer" else None
    if share is None:
        return say("{path} may be missing", path=path)
    return say("{path} is unknown of {share} of the customers", path=path, share=f"{1 - share:.0%}")
