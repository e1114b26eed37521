"""W552: a tag that is asked for and never set, beside one that is set and spelt nearly so."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say
from dsl.problems import replacement
from dsl.suggestions import distance


def lint_tag_like_another(whole: Whole) -> None:
    added = {tag.text for rule in whole.rules() for tag in rule.tags}
    for rule in whole.rules():
        for tag in rule.compared_tags:
            if tag.text in added:
                continue
            near = [each for each in added if each.lower() == tag.text.lower() or _is_slip(each, tag.text)]
            if near:
                whole.warn(
                    "W552",
                    say('no rule adds the tag "{tag}"', tag=tag.text),
                    rule.path,
                    [Label(tag.span, say('a rule adds "{near}"', near=min(near)))],
                    notes=[say("tags may also come from the application: then this is no mistake")],
                    fixes=[replacement(tag.span, f'"{min(near)}"')],
                )


def _is_slip(known: str, word: str) -> bool:
    """One letter of a long enough word. `vip1` and `vip2` are two tags."""
    if min(len(known), len(word)) < 4 or abs(len(known) - len(word)) > 1:
        return False
    digits = [[char for char in each if char.isdigit()] for each in (known, word)]
    return digits[0] == digits[1] and distance(known.lower(), word.lower()) == 1
