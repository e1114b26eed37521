"""W604: a file that nobody holds in mind."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say

MOST_LINES = 300


def lint_long_file(whole: Whole) -> None:
    for file in whole.files:
        if file.lines > MOST_LINES and len(file.rules) > 1:
            whole.warn(
                "W604",
                say("this file has {lines} lines", lines=file.lines),
                file.path,
                [Label(file.rules[0].span, say("the first of {rules} rules", rules=len(file.rules)))],
                notes=[say("one file for one thing: move rules that belong together into files of their own")],
            )
