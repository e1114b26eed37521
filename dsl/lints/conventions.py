"""W602 and W603: what most rules of this workspace have, and this one lacks. A house's own custom, not ours."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say

MOSTLY = 0.5


def lint_no_owner(whole: Whole) -> None:
    rules = list(whole.rules())
    owned = sum(rule.owner for rule in rules)
    if owned < MOSTLY * len(rules) or owned < 2:
        return
    for rule in rules:
        if not rule.owner:
            whole.warn(
                "W602",
                say("this rule has no owner"),
                rule.path,
                [Label(rule.span, say("{owned} of {all} rules here have one", owned=owned, all=len(rules)))],
                notes=[say('write who answers for it: owner "…"')],
            )


def lint_untested(whole: Whole) -> None:
    files = [file for file in whole.files if any(rule.sends for rule in file.rules)]
    tested = sum(file.path in whole.around.tested for file in files)
    if tested < MOSTLY * len(files) or tested < 2:
        return
    for file in files:
        if file.path not in whole.around.tested:
            name = file.path.rpartition("/")[2].replace(".rules", ".test.rules")
            whole.warn(
                "W603",
                say("nothing tests this file"),
                file.path,
                [
                    Label(
                        file.rules[0].span,
                        say("{tested} of {all} files here are tested", tested=tested, all=len(files)),
                    )
                ],
                notes=[say("write {name}, beside it", name=name)],
            )
