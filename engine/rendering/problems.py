"""What is wrong with a template, as data: the checks turn it into diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from dsl.messages import say

ProblemKind: TypeAlias = Literal[
    "syntax", "unknown_filter", "unknown_test", "missing_file", "front_matter", "too_large", "not_allowed", "mjml",
    "two_files", "no_alt", "broken_link", "cut_off", "many_parts",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProblem:
    """One mistake in a template file, in the marketer's words."""

    kind: ProblemKind
    file: str  # relative to the workspace: templates/email/cart.html
    line: int  # from 1
    message: str  # lower case, no full stop
    help: str | None = None  # the edit to make, "did you mean `money`?"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return say("did you mean `{near}`?", near=near[0]) if near else None


def workspace_path(path: str) -> str:
    return "templates/" + path
