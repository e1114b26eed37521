"""Parts of a split as people write them: `split 50/50`."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit, Fix
from dsl.fixes import with_edits
from dsl.messages import Message, in_a_row, say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, speaks_russian
from dsl.recovery.order import parts_behind
from dsl.source import Span
from dsl.words import STEPS, shown

_SHARES = re.compile(r"(?i:a/b(?:[ \t-]*test)?[ \t]+)?\d{1,2}%?(?:[ \t]*[/:-][ \t]*\d{1,2}%?)+[ \t]*:?")
_ARM = re.compile(r"(?:\"[^\"\n]*\"|«[^»\n]*»)[ \t]*:")
_JOINT = re.compile(r"[ \t]+(?:or|and|vs\.?|или|и|/)[ \t]+\Z|[ \t]*[,/|;][ \t]*\Z", re.IGNORECASE)


def shares_together(failure: Failure) -> Finding | None:
    """`split 50/50 send email "a" send email "b"`."""
    is_split = "SPLIT" in (failure.type_before(), failure.type_before(2)) and failure.type_before() in (
        "SPLIT",
        "STRING",
    )
    match = _SHARES.match(failure.text, failure.position) if is_split and not failure.at_end else None
    if match is None:
        return None
    shares = re.findall(r"\d+", match[0])
    fixes = _fixes(failure, Span(*match.span()), shares)
    example = say('write: split {shares}, and "end" behind the last step', shares=_arms(shares))
    return Finding(
        code="E112",
        message=say("each part of a split has its own percentage and steps"),
        where=Span(match.start(), match.start() + len(match[0].rstrip(" \t:"))),
        notes=() if fixes else (example,),
        fixes=fixes,
        faithful=False,
    )


def _arms(shares: list[str]) -> Message:
    return in_a_row(" ", (say("{share}%: send …", share=share) for share in shares))


def _fixes(failure: Failure, written: Span, shares: list[str]) -> tuple[Fix, ...]:
    """Where what follows has as many parts as there are shares."""
    starts = _starts_of_parts(failure, written.end)
    if len(starts) != len(shares) or sum(map(int, shares)) != 100:
        return ()
    edits = [Edit(written, "")]
    named = _ARM.match(failure.text, starts[0]) is not None
    for share, start in zip(shares, starts, strict=True):
        before = _JOINT.search(failure.text, written.end, start)
        edits.append(
            Edit(Span(before.start() + 1 if before else start, start), f"{share}% " if named else f"{share}%: ")
        )
    text = failure.text.rstrip()
    end = shown("END", russian=speaks_russian(failure))
    if not re.search(rf"\b{end}\Z", text):
        edits.append(Edit(Span(len(text), len(text)), f" {end}"))
    return (Fix(say("give each part its share"), tuple(edits)),) if _fits(failure, edits) else ()


def _starts_of_parts(failure: Failure, behind: int) -> list[int]:
    """Of those with names; else each step is one."""
    named = [arm.start() for arm in _ARM.finditer(failure.text, behind)]
    return named or [*parts_behind(failure, behind, STEPS)]


def _fits(failure: Failure, edits: list[Edit]) -> bool:
    text = with_edits(failure.text, edits)
    return failure.reaches(text) > len(text)
