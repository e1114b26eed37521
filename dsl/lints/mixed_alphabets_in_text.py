"""W551: a text in quotes with letters of two alphabets, or with signs that nobody sees."""

from __future__ import annotations

import re

from dsl import syntax
from dsl.alphabets import foreign_letters, in_one_alphabet, mixes_alphabets
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.source import Span
from dsl.walk import walk

_WORD = re.compile(r"[^\W\d]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def lint_mixed_alphabets_in_text(rule: CheckedRule, around: Around) -> None:
    text = rule.scope.source.slice(rule.node.span)
    if text.isascii():
        return
    for node in walk(rule.node):
        if isinstance(node, syntax.Text) and not node.text.isascii():
            _check(node, rule)


def _check(node: syntax.Text, rule: CheckedRule) -> None:
    problems, start = rule.scope.problems, node.span.start
    written = problems.source.slice(node.span)
    for match in _WORD.finditer(written):
        meant = in_one_alphabet(match[0]) if mixes_alphabets(match[0]) else None
        if meant:
            span = Span(start + match.start(), start + match.end())
            problems.warn(
                "W551",
                say('"{word}" mixes Russian and Latin letters', word=match[0]),
                Label(span, foreign_letters(match[0], meant)),
                fixes=[replacement(span, meant)],
            )
    for match in _UNSEEN.finditer(written):
        span = Span(start + match.start(), start + match.end())
        problems.warn(
            "W551",
            say("there is a sign here that nobody sees"),
            Label(span, f"U+{ord(match[0]):04X}"),
            fixes=[Fix(say("take it out"), (Edit(span, ""),), "safe")],
        )
