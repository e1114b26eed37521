"""Parts of a split add up to 100%, and each can be told from the others in reports."""

from __future__ import annotations

from decimal import Decimal

from dsl import syntax
from dsl.checks.subject import CheckedRule, Subject
from dsl.compiling.steps import arm_label, shares, split_name
from dsl.diagnostics import Diagnostic, Edit, Fix, Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.source import Span
from dsl.walk import of_type

WHOLE = Decimal(100)


def check_splits(subject: Subject, found: list[Diagnostic]) -> None:
    for rule in subject.rules:
        splits = of_type(rule.nodes, syntax.Split)
        for split in splits:
            _check_shares(split, rule.scope.problems)
            _check_labels(split, rule.scope.problems)
        _check_names(splits, rule)


def _check_shares(split: syntax.Split, problems: Problems) -> None:
    for arm in split.arms:
        if arm.share.value * 100 % 1:
            problems.error(
                "E310",
                say("this part is too fine"),
                Label(arm.share.span, say("at most two digits after the point")),
            )
            return
    total = shares(split)
    if total != WHOLE:
        word = Span(split.span.start, split.span.start + len(problems.source.slice(split.span).split()[0]))
        first_word = Label(word, " + ".join(_plain(arm.share.value) for arm in split.arms))
        problems.error(
            "E310",
            say("the parts of this split add up to {plain}%, not 100%", plain=_plain(total)),
            first_word,
            fixes=_share_fix(split, WHOLE - total),
        )


def _share_fix(split: syntax.Split, lacking: Decimal) -> list[Fix]:
    """The last part that is not the hold-out takes the difference, when it can."""
    plain = [arm for arm in split.arms if not arm.holdout]
    if not plain or not 0 < plain[-1].share.value + lacking <= WHOLE:
        return []
    last, share = plain[-1], f"{_plain(plain[-1].share.value + lacking)}%"
    title = (
        say('make "{label}" {share}', label=last.label.text, share=share)
        if last.label
        else say("make the last part {share}", share=share)
    )
    return [Fix(title, (Edit(last.share.span, share),))]


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _check_labels(split: syntax.Split, problems: Problems) -> None:
    seen: dict[str, syntax.SplitArm] = {}
    for index, arm in enumerate(split.arms):
        label = arm_label(arm, index)
        span = arm.label.span if arm.label else arm.share.span
        if label in seen:
            problems.error(
                "E311",
                say('two parts of this split are called "{label}"', label=label),
                Label(span, say("reports could not tell them apart")),
            )
        elif label == "holdout" and not arm.holdout:
            problems.error(
                "E311", say('"holdout" is the name of the part that gets nothing'), Label(span, say("choose another"))
            )
        seen.setdefault(label, arm)


def _check_names(splits: list[syntax.Split], rule: CheckedRule) -> None:
    seen: set[str] = set()
    unnamed = 0
    for split in splits:
        name = split_name(split, unnamed)
        unnamed += split.name is None
        if name in seen:
            rule.scope.problems.error(
                "E311",
                say('two splits of this rule are called "{name}"', name=name),
                Label(
                    split.name.span if split.name else split.span,
                    say("customers would fall into the same parts in both"),
                ),
            )
        seen.add(name)
